import { describeValue, PeekError } from "@peek/errors";
import type { PayloadFilter } from "@peek/plugin-base";

const maxFields = 32;
const maxKeyLength = 100;
const maxTextLength = 1000;

/** Why a value is no routing record of a payload: continues a sentence about the record. Undefined when it is one. */
export function filterMistake(value: unknown): string | undefined {
  if (!isPlain(value)) return "is not a plain object";
  const entries = Object.entries(value);
  if (entries.length > maxFields) return `has ${entries.length} fields; the limit is ${maxFields}`;
  for (const [key, each] of entries) {
    if (key === "__proto__" || key.length > maxKeyLength) {
      return `has the key ${describeValue(key)}; a key has at most ${maxKeyLength} characters, and is not __proto__`;
    }
    if (!isFilterValue(each)) {
      return `has ${describeValue(each)} under ${describeValue(key)}; allowed are strings of at most ${maxTextLength} characters, finite numbers and booleans`;
    }
  }
  return undefined;
}

/**
 * Copies a filter that a plugin passed, and adds the plugin's name unless the filter has one.
 *
 * @throws PeekError `DATA_INVALID`
 */
export function completeFilter(filter: PayloadFilter, plugin: string): PayloadFilter {
  const complete = isPlain(filter) ? { plugin, ...filter } : filter;
  const mistake = filterMistake(complete);
  if (mistake === undefined) return complete;
  throw new PeekError("DATA_INVALID", `The routing record of a payload ${mistake}.`, { fields: { plugin } });
}

/** Whether a record has all fields of a filter, with the same values. */
export function matches(filter: readonly (readonly [string, unknown])[], record: PayloadFilter): boolean {
  return filter.every(([key, value]) => Object.hasOwn(record, key) && record[key] === value);
}

/** Whether {@link filterMistake} finds no mistake. */
export function isFilter(value: unknown): value is PayloadFilter {
  return filterMistake(value) === undefined;
}

function isFilterValue(value: unknown): boolean {
  switch (typeof value) {
    case "string":
      return value.length <= maxTextLength;
    case "number":
      return Number.isFinite(value);
    default:
      return typeof value === "boolean";
  }
}

function isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
