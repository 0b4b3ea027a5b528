import { isList, isRecord } from "./isRecord.ts";
import { maxDepth, tagCode } from "./tags.ts";

/**
 * Whether JSON represents a value exactly, without tags. This is so for most values, whose encoding costs only this check beside
 * JSON itself.
 *
 * @param depth The number of levels above it.
 */
export function isPlainJson(value: unknown, depth: number): boolean {
  switch (typeof value) {
    case "string":
    case "boolean":
      return true;
    case "number":
      return Number.isFinite(value) && !Object.is(value, -0);
    case "object":
      return value === null || (depth < maxDepth && isPlainContainer(value, depth + 1));
    default:
      return false;
  }
}

function isPlainContainer(value: object, depth: number): boolean {
  if (isRecord(value)) return isPlainRecord(value, depth);
  if (!isList(value)) return false;
  // By index: `every` skips holes.
  for (let index = 0; index < value.length; index += 1) {
    if (!isPlainJson(value[index], depth)) return false;
  }
  return true;
}

function isPlainRecord(value: Record<string, unknown>, depth: number): boolean {
  // Half the cost of Object.keys. An enumerable property of Object.prototype, if somebody has put one there, makes for a
  // copy with tags, which does without it.
  for (const key in value) {
    if (key.charCodeAt(0) === tagCode || key === "__proto__" || !isPlainJson(value[key], depth)) return false;
  }
  return true;
}
