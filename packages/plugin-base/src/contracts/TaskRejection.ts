import { PeekError } from "@peek/errors";

const brand: unique symbol = Symbol.for("peek.task-rejection");

/**
 * The handler of a task throws it when a retry would be useless: the task fails for good, and callers that wait for it get this
 * message.
 *
 * ```ts
 * throw new TaskRejection("There is no such feeder", { fields: { feeder: 5 } });
 * ```
 */
export class TaskRejection extends PeekError {
  /** @param options `fields` are for the log of the worker; waiting callers do not get them. */
  constructor(message: string, options: { readonly cause?: unknown; readonly fields?: PeekError["fields"] } = {}) {
    super("TASK_REJECTED", message, options);
    Object.defineProperty(this, brand, { value: true });
  }

  /** Whether `value` is one, also from another copy of this package. */
  static override is(value: unknown): value is TaskRejection {
    try {
      return PeekError.is(value) && brand in value;
    } catch {
      // A proxy may throw at every access.
      return false;
    }
  }
}
