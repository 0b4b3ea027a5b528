/**
 * Reads the text of a record as PostgreSQL writes it (record_out): `(1,"a, b",)`. A field that is NULL is written as
 * nothing; an empty text as `""`. A record of no columns reads as one of a single NULL. Source: PostgreSQL's documentation, "Composite Type Input and Output Syntax".
 *
 * @returns The texts of the fields, in the order of the columns.
 * @throws Error when the text is no record.
 */
export function parseRecord(text: string): readonly (string | null)[] {
  const fields: (string | null)[] = [];
  let at = text.startsWith("(") ? 1 : text.length;
  while (at < text.length) {
    const end = endOfField(text, at);
    const raw = text.slice(at, end);
    fields.push(raw === "" ? null : unquote(raw));
    at = end + 1;
    if (text[end] === ")") {
      if (at !== text.length) break;
      return fields;
    }
  }
  throw new Error(`This text is no record of PostgreSQL: ${text.slice(0, 100)}`);
}

/** The position of the comma or parenthesis after the field that begins at `from`. */
function endOfField(text: string, from: number): number {
  let quoted = false;
  for (let at = from; at < text.length; at += 1) {
    const character = text[at];
    if (character === "\\") at += 1;
    else if (character === '"') quoted = !quoted;
    else if (!quoted && (character === "," || character === ")")) return at;
  }
  return text.length;
}

/** Quotes and backslashes within quotes are doubled. */
function unquote(raw: string): string {
  return raw.startsWith('"') && raw.endsWith('"') ? raw.slice(1, -1).replaceAll(/(["\\])\1/g, "$1") : raw;
}
