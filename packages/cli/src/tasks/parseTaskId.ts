/** Normalises the id of a task; undefined for a text that is not an id. */
export function parseTaskId(text: string): string | undefined {
  return /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i.test(text) ? text.toLowerCase() : undefined;
}
