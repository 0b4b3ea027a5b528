import type { RpcErrorData, RpcErrorName, RpcProcedure } from "./RpcContract.ts";
import { RpcRejection } from "./RpcRejection.ts";

/**
 * Whether a call failed with a given error that its procedure declares; narrows the type of its data.
 *
 * ```ts
 * try {
 *   await client.addPump({ name });
 * } catch (error) {
 *   if (!isRejection(rpcForAgent.procedures.addPump, error, "duplicate")) throw error;
 *   logger.info("The pump exists already, with id %d", error.data.id);
 * }
 * ```
 *
 * @param procedure The procedure that was called: the data was checked against its schema when the answer came.
 * @param error The error of the call.
 * @param name One of the names under `errors` of the procedure.
 */
export function isRejection<P extends RpcProcedure, Name extends RpcErrorName<P>>(
  procedure: P,
  error: unknown,
  name: Name,
): error is RpcRejection<Name, RpcErrorData<P, Name>> {
  return (
    RpcRejection.is(error) &&
    error.error === name &&
    procedure.errors !== undefined &&
    Object.hasOwn(procedure.errors, name)
  );
}
