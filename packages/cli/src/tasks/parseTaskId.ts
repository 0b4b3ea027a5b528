/** The id of a task, as the database writes it; undefined for what is none. */
export function parseTaskId(text: string): string | undefined {
  return /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i.test(text) ? text.toLowerCase() : undefined;
}
