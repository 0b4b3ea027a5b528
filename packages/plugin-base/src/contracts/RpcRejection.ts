import { PeekError } from "@peek/errors";

const brand: unique symbol = Symbol.for("peek.rpc-rejection");

/**
 * An error that is part of a contract. A handler throws it by one of the names under `errors` of its procedure, with the
 * data that is declared there; the caller gets an equal one, and recognises it with {@link isRejection}.
 *
 * ```ts
 * throw new RpcRejection("duplicate", "There is a pump of that name", { id: 3 });
 * ```
 */
export class RpcRejection<Name extends string = string, Data = unknown> extends PeekError {
  /** The name under which the procedure declares it. */
  readonly error: Name;
  /** What goes with it; undefined where nothing does. */
  readonly data: Data;

  constructor(error: Name, message: string, data?: Data) {
    super("RPC_REJECTED", message, { fields: { error } });
    this.error = error;
    // Where nothing is declared to go with it, undefined is what its schema takes.
    this.data = data as Data;
    Object.defineProperty(this, brand, { value: true });
  }

  /** Whether `value` is one, of this copy of the package or of another that a plugin was installed with. */
  static override is(value: unknown): value is RpcRejection {
    try {
      return PeekError.is(value) && brand in value && "error" in value && typeof value.error === "string";
    } catch {
      // A proxy may throw whatever is asked of it.
      return false;
    }
  }
}
