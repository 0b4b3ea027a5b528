// C0, DEL, C1 and the two line separators: whatever could end a line, or move a terminal's cursor.
// oxlint-disable-next-line no-control-regex -- control characters are what it is for
const controls = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g;

/** A text on one line, with nothing in it that a terminal acts on: what it is made of may come from another machine. */
export function printable(text: string): string {
  return text.replace(controls, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** As {@link printable}, of a text that may have several lines. */
export function printableLines(text: string): string {
  return text.split("\n").map(printable).join("\n");
}
