import { describeValue, messageOf, PeekError, type PeekErrorCode } from "@peek/errors";
import type { TaskRecord } from "@peek/plugin-base";
import { type AnyTaskType, checkData, decode, encode } from "@peek/plugin-base/contracts";
import type { z } from "zod";
import type { StoredTask, TaskError } from "../queue/TaskQueue.ts";

/** The bound of one encoded input. */
const maxInputBytes = 1024 * 1024;
/** The bounds of all inputs of one call. */
const maxInputsCharacters = 64 * 1024 * 1024;
const maxInputs = 10_000;

/** The part of a task type that is needed to read an output. */
interface OutputType<Output> {
  readonly name: string;
  readonly output: z.ZodType<Output> | undefined;
}

/**
 * Checks an input and encodes it as it was given: the worker's side applies the transforms of the schema.
 *
 * @throws PeekError `TASK_INPUT_INVALID`, or `CONTRACT_INVALID` when the schema cannot be used.
 */
export function encodeInput(task: AnyTaskType, input: unknown, subject = `The input of ${task.name}`): string {
  let text: string;
  try {
    checkData(task.input, input, subject);
    text = encode(input);
  } catch (error) {
    if (!PeekError.is(error) || error.code === "CONTRACT_INVALID") throw error;
    const message = error.message.startsWith(subject) ? error.message : `${subject} cannot be queued: ${error.message}`;
    throw inputInvalid(task, message, error);
  }
  // No character takes more than three bytes.
  const bytes = text.length * 3 <= maxInputBytes ? 0 : Buffer.byteLength(text);
  if (bytes <= maxInputBytes) return text;
  throw inputInvalid(
    task,
    `${subject} has ${bytes} bytes, but the limit is ${maxInputBytes}. Write it to a table of the plugin, and queue the id of its row: every handler can read it by context.storage().`,
  );
}

/**
 * Checks and encodes the inputs of one call.
 *
 * @throws PeekError as {@link encodeInput}; its message names the input.
 */
export function encodeInputs(task: AnyTaskType, inputs: unknown): readonly string[] {
  if (!Array.isArray(inputs) || inputs.length > maxInputs) {
    const found = Array.isArray(inputs) ? `${inputs.length} inputs` : describeValue(inputs);
    throw inputInvalid(task, `${found} cannot be queued at once for ${task.name}: give a list of up to ${maxInputs}.`);
  }
  let characters = 0;
  // Not map(): it skips holes.
  return Array.from(inputs, (input: unknown, index) => {
    const text = encodeInput(task, input, `The input of ${task.name} at $[${index}]`);
    characters += text.length;
    if (characters <= maxInputsCharacters) return text;
    throw inputInvalid(
      task,
      `The inputs of ${task.name} up to $[${index}] exceed the limit of ${maxInputsCharacters} characters for one call. Give fewer inputs at a time.`,
    );
  });
}

/**
 * Decodes and checks the output of a task: its worker may have run another version of the plugin.
 *
 * @throws PeekError `TASK_OUTPUT_INVALID`, or `CONTRACT_INVALID` when the schema cannot be used.
 */
export function readOutput<Output>({ name, output }: OutputType<Output>, id: string, text: string): Output {
  // For a type without output, Output is void.
  if (output === undefined) return undefined as Output;
  const subject = `The output of ${name}`;
  try {
    return checkData(output, decode(text), subject);
  } catch (error) {
    if (!PeekError.is(error) || error.code === "CONTRACT_INVALID") throw error;
    const message = error.message.startsWith(subject) ? error.message : `${subject} cannot be read: ${error.message}`;
    throw new PeekError("TASK_OUTPUT_INVALID", message, { cause: error, fields: { ...error.fields, task: name, id } });
  }
}

/** The recorded error of a task as a PeekError. */
export function toPeekError({ name }: Pick<AnyTaskType, "name">, id: string, { code, message }: TaskError): PeekError {
  const fields = { task: name, id };
  const known = new PeekError(code as PeekErrorCode, message, { fields });
  if (PeekError.is(known) && (code.startsWith("TASK_") || code === "DATA_INVALID")) return known;
  return new PeekError("TASK_FAILED", message, { fields: { ...fields, code } });
}

/** A task as plugins see it. An output that does not fit the type any more is replaced by an error. */
export function recordOf<Output>(task: OutputType<Output>, stored: StoredTask): TaskRecord<Output> {
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
