import { PeekError } from "@peek/errors";

const brand: unique symbol = Symbol.for("peek.task-rejection");

/**
 * What the handler of a task throws when trying again would be of no use: the task has failed for good, whatever tries it has
 * left, and whoever waits for it gets this message.
 *
 * ```ts
 * throw new TaskRejection("There is no such feeder", { fields: { feeder: 5 } });
 * ```
 */
export class TaskRejection extends PeekError {
  /** @param options `fields` are for the log of the worker; who waits is not told them. */
  constructor(message: string, options: { readonly cause?: unknown; readonly fields?: PeekError["fields"] } = {}) {
    super("TASK_REJECTED", message, options);
    Object.defineProperty(this, brand, { value: true });
  }

  /** Whether `value` is one, of this copy of the package or of another that a plugin was installed with. */
  static override is(value: unknown): value is TaskRejection {
    try {
      return PeekError.is(value) && brand in value;
    } catch {
      // A proxy may throw whatever is asked of it.
      return false;
    }
  }
}
