/**
 * Makes a text safe for messages, logs and databases: at most `maxLength` characters, with an ellipsis where it was cut;
 * well-formed Unicode, also where a surrogate pair was cut; without the character NUL, which PostgreSQL refuses.
 */
export function cutText(text: string, maxLength: number): string {
  const cut = text.length > maxLength ? `${text.slice(0, maxLength - 1)}…` : text;
  return cut.toWellFormed().replaceAll("\0", "\u{FFFD}");
}
