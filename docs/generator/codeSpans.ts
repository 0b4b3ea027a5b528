/** Sets words with a placeholder such as `<service>` as code; Markdown would take it for an element of HTML. */
export function codeSpans(text: string): string {
  return text.replaceAll(/\S*<\w+>(?:[^\s,;:]*[\w)>])?/g, (word) => `\`${word}\``);
}
