import { z } from "zod";
import { type Changes, tupleKey, readDelta } from "@peek/live-protocol";

const rowsSchema = z.array(z.unknown());

const deltaSchema = z.object({
  r: z.array(z.string()).exactOptional(),
  u: rowsSchema.exactOptional(),
  i: z.array(z.tuple([z.int().min(0), z.unknown()])).exactOptional(),
});

/**
 * Reads the changes that logic has sent as JSON.
 *
 * @throws SyntaxError or ZodError when it is not a delta.
 */
export function readChanges(text: string, keyFields: readonly string[]): Changes<string> {
  return readDelta(deltaSchema.parse(JSON.parse(text)), keyFields, JSON.stringify);
}

/**
 * Reads the tuples that logic has sent as a JSON list, by key.
 *
 * @throws SyntaxError or ZodError when it is not a list.
 */
export function readSnapshot(text: string, keyFields: readonly string[]): ReadonlyMap<string, string> {
  const tuples = rowsSchema.parse(JSON.parse(text));
  return new Map(tuples.map((tuple) => [tupleKey(tuple, keyFields), JSON.stringify(tuple)]));
}
