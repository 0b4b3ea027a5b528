/**
 * A text for a message that may go anywhere: at most `maxLength` letters, with an ellipsis where it was cut; well-formed, also where it was
 * cut within a character; without the character NUL, which databases do not take.
 */
export function cutText(text: string, maxLength: number): string {
  const cut = text.length > maxLength ? `${text.slice(0, maxLength - 1)}…` : text;
  return cut.toWellFormed().replaceAll("\0", "\u{FFFD}");
}
