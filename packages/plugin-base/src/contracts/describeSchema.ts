import type { z } from "zod";

/** Computed parts, which differ between calls, and those that differ between versions of zod. */
const skipped: ReadonlySet<string> = new Set(["defaultValue", "catchValue", "pattern", "abort"]);

/**
 * A text of the structure of a schema: of its fields, types and limits, and not of the functions in it. Equal schemas have the same text on
 * services and in browsers.
 */
export function describeSchema(schema: z.ZodType): string {
  return JSON.stringify(describe(schema, []));
}

/** @param outer The objects around the value: a recursive schema contains itself. */
function describe(value: unknown, outer: readonly unknown[]): unknown {
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "function") return undefined;
  if (typeof value !== "object" || value === null) return value;
  if (outer.includes(value)) return "…";
  const within = [...outer, value];
  if (value instanceof RegExp || value instanceof Date) return String(value);
  if (Array.isArray(value)) return value.map((each) => describe(each, within));
  const internals: unknown = Reflect.get(value, "_zod");
  if (typeof internals === "object" && internals !== null) return describe(Reflect.get(internals, "def"), within);
  const names = Object.keys(value).filter((name) => !skipped.has(name));
  return Object.fromEntries(names.sort().map((name) => [name, describe(Reflect.get(value, name), within)]));
}
