import { cutText, messageOf, PeekError, toError } from "@peek/errors";
import { TaskRejection } from "@peek/plugin-base/contracts";
import type { PeekErrorCode } from "@peek/errors";
import type { TaskError } from "../queue/TaskQueue.ts";
import { loggableFields } from "./loggableFields.ts";

/** Why a try failed. Can be sent from a thread. */
export interface AttemptFailure {
  readonly kind: "failed";
  readonly error: TaskError;
  /** Whether a retry is useless. */
  readonly isFinal: boolean;
  /** For the worker's log. */
  readonly stack?: string;
  /** The fields of a rejection, for the worker's log. */
  readonly fields?: Readonly<Record<string, unknown>>;
}

/** The result of a try. */
export type AttemptResult = AttemptFailure | { readonly kind: "done"; readonly output: string };

const maxCharacters = { message: 2000, stack: 10_000 } as const;

export function attemptFailure(
  code: PeekErrorCode,
  message: string,
  options: Partial<AttemptFailure> = {},
): AttemptFailure {
  return { kind: "failed", isFinal: false, ...options, error: { code, message: cut(message, maxCharacters.message) } };
}

/** The failure for a value that a handler has thrown. */
export function attemptFailureOf(thrown: unknown, task: string): AttemptFailure {
  const stack = cut(stackOf(thrown), maxCharacters.stack);
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
    // A getter or a proxy of the handler may throw.
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
