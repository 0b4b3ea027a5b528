/**
 * Parses the text format of a record (record_out): `(1,"a, b",)`. A NULL field is empty; an empty text is `""`. A record
 * without columns parses as a single NULL. Source: PostgreSQL's documentation, "Composite Type Input and Output Syntax".
 *
 * @returns The texts of the fields, in the order of the columns.
 * @throws Error when the text is not a record.
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
  throw new Error(`Not a record in PostgreSQL's text format: ${text.slice(0, 100)}`);
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

/** Removes the quotes. Quotes and backslashes within them are doubled. */
function unquote(raw: string): string {
  return raw.startsWith('"') && raw.endsWith('"') ? raw.slice(1, -1).replaceAll(/(["\\])\1/g, "$1") : raw;
}
