import { messageOf, PeekError, type PeekErrorCode } from "@peek/errors";
import type { TaskContext, TaskHandler } from "@peek/plugin-base";
import { checkData, decode, encode } from "@peek/plugin-base/contracts";
import { type AttemptFailure, attemptFailure, attemptFailureOf, type AttemptResult } from "./attemptResult.ts";

const maxOutputBytes = 16 * 1024 * 1024;

/** Runs a handler on the worker's event loop or in a thread. Never rejects. @param input Encoded by `encode()`. */
export async function runHandler(
  { task, run }: TaskHandler,
  input: string,
  context: TaskContext,
): Promise<AttemptResult> {
  const checked = attempt("TASK_INPUT_INVALID", task.name, () =>
    checkData(task.input, decode(input), `the input of ${task.name}`),
  );
  if ("kind" in checked) return checked;
  let returned: unknown;
  try {
    returned = await run(checked.value, context);
  } catch (error) {
    return attemptFailureOf(error, task.name);
  }
  const { output } = task;
  // The return value of a task without output is ignored.
  if (output === undefined) return { kind: "done", output: encode(undefined) };
  const encoded = attempt("TASK_OUTPUT_INVALID", task.name, () => {
    checkData(output, returned, `the output of ${task.name}`);
    // Untransformed: the waiting side applies the transforms of the schema.
    return checkSize(encode(returned), task.name);
  });
  return "kind" in encoded ? encoded : { kind: "done", output: encoded.value };
}

function checkSize(text: string, task: string): string {
  // No character takes more than three bytes.
  const bytes = text.length * 3 <= maxOutputBytes ? 0 : Buffer.byteLength(text);
  if (bytes <= maxOutputBytes) return text;
  throw new PeekError(
    "TASK_OUTPUT_INVALID",
    `The output of ${task} has ${bytes} bytes, more than the ${maxOutputBytes} that are kept. Write it to a table of the plugin by context.storage(), and return the id of its row.`,
    { fields: { task } },
  );
}

function attempt<T>(code: PeekErrorCode, task: string, make: () => T): AttemptFailure | { readonly value: T } {
  try {
    return { value: make() };
  } catch (error) {
    const message = messageOf(error);
    return attemptFailure(code, message.includes(task) ? message : `${task}: ${message}`);
  }
}
