import { Buffer } from "node:buffer";
import { setImmediate } from "node:timers/promises";
import { describeValue, PeekError } from "@peek/errors";
import { checkData, encode, type TupleType } from "@peek/plugin-base/contracts";
import { maxMessageBytes } from "@peek/bus";
import { tupleKey } from "@peek/live-protocol";

/** After so many tuples it is somebody else's turn. */
const tuplesAtATime = 1000;

/** What is left for the tuples of a message to other services; bytes. */
const maxBytes = maxMessageBytes - 64 * 1024;

/**
 * Checks what a provider gave.
 *
 * @returns The JSON text of each tuple by its key, in order.
 * @throws PeekError `DATA_INVALID` for what is no list, a tuple that does not fit, two with one key, or too much;
 *   `DATA_UNENCODABLE`.
 */
export async function readRows(
  given: unknown,
  type: TupleType<unknown>,
  maxTuples: number,
): Promise<ReadonlyMap<string, string>> {
  const invalid = (what: string): PeekError =>
    new PeekError("DATA_INVALID", `What the provider of ${type.name} gave ${what}`, {
      fields: { observable: type.name },
    });
  if (!Array.isArray(given)) throw invalid(`is ${describeValue(given)}. It has to be a list of tuples.`);
  const tuples: readonly unknown[] = given;
  if (tuples.length > maxTuples) {
    throw invalid(`is ${tuples.length} tuples, more than the ${maxTuples} of maxTuples. Let the selector select less.`);
  }
  const rows = new Map<string, string>();
  let chars = 0;
  for (const [index, tuple] of tuples.entries()) {
    if (index % tuplesAtATime === tuplesAtATime - 1) await setImmediate();
    const checked = checkData(type.schema, tuple, `a tuple of ${type.name}`);
    const text = encode(checked);
    const key = keyOf(checked, text, type.key);
    if (rows.has(key)) throw invalid(`has two tuples with the key ${describeValue(key)}. Give each once.`);
    rows.set(key, text);
    chars += text.length + 1;
  }
  // A character takes three bytes at most, also where JSON within JSON needs an escape.
  if (chars * 3 > maxBytes && sentBytes(rows) > maxBytes) {
    throw invalid(
      `has more than ${maxBytes} bytes, which cannot be sent to other services. Let the selector select less.`,
    );
  }
  return rows;
}

/** Most keys are one field that needs no encoding: the text need not be read again. */
function keyOf(tuple: unknown, text: string, fields: readonly string[]): string {
  const [field] = fields;
  if (fields.length === 1 && field !== undefined && typeof tuple === "object" && tuple !== null) {
    const value: unknown = Reflect.get(tuple, field);
    if (typeof value === "string" || (Number.isSafeInteger(value) && !Object.is(value, -0)))
      return JSON.stringify(value);
  }
  return tupleKey(JSON.parse(text), fields);
}

function sentBytes(rows: ReadonlyMap<string, string>): number {
  let bytes = 0;
  for (const text of rows.values()) bytes += Buffer.byteLength(JSON.stringify(text));
  return bytes;
}
