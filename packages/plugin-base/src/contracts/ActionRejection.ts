import { PeekError } from "@peek/errors";

const brand: unique symbol = Symbol.for("peek.action-rejection");

/**
 * The handler of an action throws it to reject the action for good: the browser that pushed it gets the message, and the action
 * is stored as a dead letter.
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

  /** Whether `value` is one, also from another copy of this package. */
  static override is(value: unknown): value is ActionRejection {
    try {
      return PeekError.is(value) && brand in value;
    } catch {
      // A proxy may throw at every access.
      return false;
    }
  }
}
