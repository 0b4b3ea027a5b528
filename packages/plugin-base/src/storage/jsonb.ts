import { PeekError } from "@peek/errors";
import { type RawBuilder, sql } from "kysely";

/**
 * A value for a `jsonb` column, or to compare one with.
 *
 * A bigint in it becomes a JSON number with all its digits.
 *
 * @example
 * await db.insertInto("pump").values({ tags: jsonb(["old", "loud"]) }).execute();
 * @throws PeekError `STORAGE_QUERY_FAILED` when it has no JSON: a function, undefined, an object that holds itself.
 */
export function jsonb<Value>(value: Value): RawBuilder<Value> {
  return sql<Value>`${toJson(value)}::jsonb`;
}

function toJson(value: unknown): string {
  try {
    const text = JSON.stringify(value, (_key, each: unknown) =>
      typeof each === "bigint" ? rawJson(each.toString()) : each,
    );
    if (text !== undefined) return text;
  } catch (cause) {
    throw new PeekError("STORAGE_QUERY_FAILED", `jsonb() was given a value that JSON cannot hold: ${String(cause)}`, {
      cause,
    });
  }
  throw new PeekError("STORAGE_QUERY_FAILED", `jsonb() was given ${typeof value}, which JSON cannot hold.`);
}

/** ECMAScript's JSON.rawJSON, which TypeScript's library does not declare yet. */
function rawJson(text: string): unknown {
  const make: unknown = Reflect.get(JSON, "rawJSON");
  return typeof make === "function" ? Reflect.apply(make, JSON, [text]) : Number(text);
}
