import { PeekError } from "@peek/errors";

const brand: unique symbol = Symbol.for("peek.action-rejection");

/**
 * What the handler of an action throws to reject it for good: whoever pushed it is told the message, and it is kept as a dead
 * letter.
 *
 * ```ts
 * throw new ActionRejection("The pump is locked", { fields: { pump: 5 } });
 * ```
 */
export class ActionRejection extends PeekError {
  /** @param options `fields` are kept on logic; they are not sent to the device. */
  constructor(message: string, options: { readonly cause?: unknown; readonly fields?: PeekError["fields"] } = {}) {
    super("ACTION_REJECTED", message, options);
    Object.defineProperty(this, brand, { value: true });
  }

  /** Whether `value` is one, of this copy of the package or of another that a plugin was installed with. */
  static override is(value: unknown): value is ActionRejection {
    try {
      return PeekError.is(value) && brand in value;
    } catch {
      // A proxy may throw whatever is asked of it.
      return false;
    }
  }
}
