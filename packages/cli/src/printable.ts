// C0, DEL, C1 and the two line separators: all characters that end a line or move a terminal's cursor.
// oxlint-disable-next-line no-control-regex -- control characters are what it is for
const controls = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g;

/** Escapes the control characters of a text, which may come from another machine and must not control the terminal. */
export function printable(text: string): string {
  return text.replace(controls, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** As {@link printable}, for a text of several lines. */
export function printableLines(text: string): string {
  return text.split("\n").map(printable).join("\n");
}
