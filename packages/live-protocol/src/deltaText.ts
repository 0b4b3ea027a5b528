import type { Changes } from "./Changes.ts";

/** The fields of a `Delta` as JSON without the braces around it: `"r":[…],"u":[…]`; the empty text for no changes. */
export function deltaFields({ removed, updated, inserted }: Changes<string>): string {
  const fields: string[] = [];
  if (removed.length > 0) fields.push(`"r":${JSON.stringify(removed)}`);
  // The texts of rows are JSON already.
  if (updated.length > 0) fields.push(`"u":[${updated.map(([, text]) => text).join(",")}]`);
  if (inserted.length > 0) {
    fields.push(`"i":[${inserted.map(([place, , text]) => `[${place},${text}]`).join(",")}]`);
  }
  return fields.join(",");
}
