import { type Json, taggedCopy } from "./taggedCopy.ts";
import { Tag } from "./tags.ts";

/**
 * The canonical text of a value, for comparisons and keys: as {@link encode} makes it, but with keys in the order of their UTF-16
 * code units, maps and sets in the order of their entries' texts, and without undefined properties.
 *
 * @throws PeekError `DATA_UNENCODABLE`
 */
export function canonicalText(value: unknown): string {
  return textOf(taggedCopy(value, { dropUndefined: true }));
}

function textOf(value: Json): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  if (isJsonList(value)) return `[${value.map(textOf).join(",")}]`;
  return `{${Object.keys(value)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${contentText(key, value[key] ?? null)}`)
    .join(",")}}`;
}

/** Maps and sets have no order of their own: their entries are sorted. */
function contentText(key: string, content: Json): string {
  const isUnordered = key === Tag.map || key === Tag.set;
  return isUnordered && isJsonList(content) ? `[${content.map(textOf).sort().join(",")}]` : textOf(content);
}

function isJsonList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}
