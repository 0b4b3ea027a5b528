import { Buffer } from "node:buffer";
import { setImmediate } from "node:timers/promises";
import { describeValue, PeekError } from "@peek/errors";
import { checkData, encode, type TupleType } from "@peek/plugin-base/contracts";
import { maxMessageBytes } from "@peek/bus";
import { tupleKey } from "@peek/live-protocol";

/** How many tuples are checked before other tasks of the event loop run. */
const batchSize = 1000;

/** How many bytes the tuples may take in a message to other services. */
const maxBytes = maxMessageBytes - 64 * 1024;

/**
 * Checks the result of a provider's load().
 *
 * @returns The JSON of each tuple by its key, in order.
 * @throws PeekError `DATA_INVALID` when it is not a list, a tuple does not match the schema, two have one key, or there are too many
 *   tuples or bytes; `DATA_UNENCODABLE`.
 */
export async function readRows(
  returned: unknown,
  type: TupleType<unknown>,
  maxTuples: number,
): Promise<ReadonlyMap<string, string>> {
  const invalid = (problem: string): PeekError =>
    new PeekError("DATA_INVALID", `load() of ${type.name} returned ${problem}`, {
      fields: { observable: type.name },
    });
  if (!Array.isArray(returned)) throw invalid(`${describeValue(returned)}. It must return a list of tuples.`);
  const tuples: readonly unknown[] = returned;
  if (tuples.length > maxTuples) {
    throw invalid(`${tuples.length} tuples, more than maxTuples (${maxTuples}). Make the selector select less.`);
  }
  const rows = new Map<string, string>();
  let chars = 0;
  for (const [index, tuple] of tuples.entries()) {
    if (index % batchSize === batchSize - 1) await setImmediate();
    const checked = checkData(type.schema, tuple, `a tuple of ${type.name}`);
    const text = encode(checked);
    const key = keyOf(checked, text, type.key);
    if (rows.has(key)) throw invalid(`two tuples with the key ${describeValue(key)}. Return each once.`);
    rows.set(key, text);
    chars += text.length + 1;
  }
  // A character takes at most three bytes, also where JSON within JSON needs an escape.
  if (chars * 3 > maxBytes && sentBytes(rows) > maxBytes) {
    throw invalid(
      `more than ${maxBytes} bytes, which cannot be sent to other services. Make the selector select less.`,
    );
  }
  return rows;
}

/** Most keys are one field that needs no encoding: the text need not be parsed. */
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
