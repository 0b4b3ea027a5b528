import { describeValue, messageOf, PeekError, type PeekErrorCode } from "@peek/errors";
import type { TaskRecord } from "@peek/plugin-base";
import { type AnyTaskType, checkData, decode, encode } from "@peek/plugin-base/contracts";
import type { z } from "zod";
import type { StoredTask, TaskError } from "../queue/TaskQueue.ts";

/** How long an input may be, as it is kept; bytes. */
const maxInput = 1024 * 1024;
/** How long the inputs of one call may be together; characters. */
const maxInputs = 64 * 1024 * 1024;
/** How many inputs one call may have. */
const mostInputs = 10_000;

/** What is asked of a type of tasks to read its output. */
interface HasOutput<Output> {
  readonly name: string;
  readonly output: z.ZodType<Output> | undefined;
}

/**
 * An input as it is queued: checked, and as it was given, since the handler's side makes of it what the schema says.
 *
 * @throws PeekError `TASK_INPUT_INVALID`, or `CONTRACT_INVALID` when the schema cannot be used.
 */
export function encodeInput(task: AnyTaskType, input: unknown, what = `The input of ${task.name}`): string {
  let text: string;
  try {
    checkData(task.input, input, what);
    text = encode(input);
  } catch (error) {
    if (!PeekError.is(error) || error.code === "CONTRACT_INVALID") throw error;
    const message = error.message.startsWith(what) ? error.message : `${what} cannot be queued: ${error.message}`;
    throw inputInvalid(task, message, error);
  }
  // No character takes more than three bytes.
  const bytes = text.length * 3 <= maxInput ? 0 : Buffer.byteLength(text);
  if (bytes <= maxInput) return text;
  throw inputInvalid(
    task,
    `${what} has ${bytes} bytes, more than the ${maxInput} that are queued. Write it to a table of the plugin, and queue the id of its row: the handler reads it by context.storage(), a heavy one too.`,
  );
}

/**
 * The inputs of one call, as they are queued.
 *
 * @throws PeekError as {@link encodeInput}; its message says which.
 */
export function encodeInputs(task: AnyTaskType, inputs: unknown): readonly string[] {
  if (!Array.isArray(inputs) || inputs.length > mostInputs) {
    const found = Array.isArray(inputs) ? `${inputs.length} inputs` : describeValue(inputs);
    throw inputInvalid(task, `${found} cannot be queued at once for ${task.name}: give a list of up to ${mostInputs}.`);
  }
  let characters = 0;
  // Not map(): that passes over holes.
  return Array.from(inputs, (input: unknown, index) => {
    const text = encodeInput(task, input, `The input of ${task.name} at $[${index}]`);
    characters += text.length;
    if (characters <= maxInputs) return text;
    const more = `more than the ${maxInputs} characters that are queued at once. Give fewer inputs at a time.`;
    throw inputInvalid(task, `The inputs of ${task.name} have, as far as $[${index}], ${more}`);
  });
}

/**
 * What came out of a task, checked on this side too: its worker may be of another version.
 *
 * @throws PeekError `TASK_OUTPUT_INVALID`, or `CONTRACT_INVALID` when the schema cannot be used.
 */
export function readOutput<Output>({ name, output }: HasOutput<Output>, id: string, text: string): Output {
  // A type without output is one whose Output is void.
  if (output === undefined) return undefined as Output;
  const what = `The output of ${name}`;
  try {
    return checkData(output, decode(text), what);
  } catch (error) {
    if (!PeekError.is(error) || error.code === "CONTRACT_INVALID") throw error;
    const message = error.message.startsWith(what) ? error.message : `${what} cannot be read: ${error.message}`;
    throw new PeekError("TASK_OUTPUT_INVALID", message, { cause: error, fields: { ...error.fields, task: name, id } });
  }
}

/** What a task failed with, as its worker has recorded it. */
export function failureOf({ name }: Pick<AnyTaskType, "name">, id: string, { code, message }: TaskError): PeekError {
  const fields = { task: name, id };
  const known = new PeekError(code as PeekErrorCode, message, { fields });
  if (PeekError.is(known) && (code.startsWith("TASK_") || code === "DATA_INVALID")) return known;
  return new PeekError("TASK_FAILED", message, { fields: { ...fields, code } });
}

/** A task as plugins see it. What does not fit its output any more is left out, and said. */
export function recordOf<Output>(task: HasOutput<Output>, stored: StoredTask): TaskRecord<Output> {
  const { id, state, attempts, queuedAt, startedAt, endedAt, error } = stored;
  const record = {
    id,
    state,
    attempts,
    queuedAt,
    ...(startedAt !== undefined && { startedAt }),
    ...(endedAt !== undefined && { endedAt }),
    ...(error !== undefined && { error }),
  };
  if (state !== "done" || task.output === undefined) return record;
  try {
    return { ...record, output: readOutput(task, id, stored.output ?? "") };
  } catch (misfit) {
    return { ...record, error: { code: "TASK_OUTPUT_INVALID", message: messageOf(misfit) } };
  }
}

function inputInvalid({ name }: AnyTaskType, message: string, cause?: PeekError): PeekError {
  const fields = { ...cause?.fields, task: name };
  return new PeekError("TASK_INPUT_INVALID", message, { fields, ...(cause !== undefined && { cause }) });
}
