import { cutText, messageOf, PeekError, toError } from "@peek/errors";
import { TaskRejection } from "@peek/plugin-base/contracts";
import type { PeekErrorCode } from "@peek/errors";
import type { TaskError } from "../queue/TaskQueue.ts";
import { loggableFields } from "./loggableFields.ts";

/** Why a try has failed; it may cross from a thread. */
export interface AttemptFailure {
  readonly kind: "failed";
  readonly error: TaskError;
  /** Whether it is of no use to try again. */
  readonly isFinal: boolean;
  /** For the worker's log. */
  readonly stack?: string;
  /** For the worker's log: those of a rejection. */
  readonly fields?: Readonly<Record<string, unknown>>;
}

/** What has become of a try. */
export type AttemptResult = AttemptFailure | { readonly kind: "done"; readonly output: string };

/** What is kept of a message and of a stack; letters. */
const longest = { message: 2000, stack: 10_000 } as const;

export function attemptFailure(
  code: PeekErrorCode,
  message: string,
  options: Partial<AttemptFailure> = {},
): AttemptFailure {
  return { kind: "failed", isFinal: false, ...options, error: { code, message: cut(message, longest.message) } };
}

/** What the handler of a task has thrown, whatever it is. */
export function attemptFailureOf(thrown: unknown, task: string): AttemptFailure {
  const stack = cut(stackOf(thrown), longest.stack);
  if (TaskRejection.is(thrown)) {
    const fields = fieldsOf(thrown);
    return attemptFailure("TASK_REJECTED", messageOf(thrown), { isFinal: true, stack, ...(fields && { fields }) });
  }
  const code = PeekError.is(thrown) ? `${thrown.code}: ` : "";
  return attemptFailure("TASK_FAILED", `${task}: ${code}${messageOf(thrown)}`, { stack });
}

function fieldsOf(rejection: TaskRejection): AttemptFailure["fields"] {
  try {
    return loggableFields(rejection.fields);
  } catch {
    // A getter or a proxy of the handler's may throw whatever is asked of it.
    return undefined;
  }
}

function stackOf(thrown: unknown): string {
  const error = toError(thrown);
  return error.stack ?? error.message;
}

function cut(text: string, length: number): string {
  return cutText(text, length);
}
