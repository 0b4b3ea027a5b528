import { PeekError } from "@peek/errors";

const brand: unique symbol = Symbol.for("peek.rpc-rejection");

/**
 * An error that is part of a contract. A handler throws it with one of the names under `errors` of its procedure, and with the data that is declared there; the
 * caller gets an equal one, and recognises it with {@link isRejection}.
 *
 * ```ts
 * throw new RpcRejection("duplicate", "There is a pump of that name", { id: 3 });
 * ```
 */
export class RpcRejection<Name extends string = string, Data = unknown> extends PeekError {
  /** The name under which the procedure declares it. */
  readonly error: Name;
  /** The declared data; undefined where none is declared. */
  readonly data: Data;

  constructor(error: Name, message: string, data?: Data) {
    super("RPC_REJECTED", message, { fields: { error } });
    this.error = error;
    // Without declared data, its schema accepts undefined.
    this.data = data as Data;
    Object.defineProperty(this, brand, { value: true });
  }

  /** Whether `value` is one, also from another copy of this package. */
  static override is(value: unknown): value is RpcRejection {
    try {
      return PeekError.is(value) && brand in value && "error" in value && typeof value.error === "string";
    } catch {
      // A proxy may throw at every access.
      return false;
    }
  }
}
