/**
 * The key of a tuple as a text that no other key of its type has.
 *
 * @param tuple As `JSON.parse` gives what `encode` of @peek/plugin-base/contracts made.
 * @param keyFields The key fields of its type, in order.
 */
export function keyTextOf(tuple: unknown, keyFields: readonly string[]): string {
  const values = keyFields.map((field): unknown => {
    if (typeof tuple !== "object" || tuple === null) return undefined;
    // `encode` writes names that begin with `$` with one more.
    return Reflect.get(tuple, field.startsWith("$") ? `$${field}` : field);
  });
  // Most keys are one field, and are sent in each delta that removes something.
  return JSON.stringify(values.length === 1 ? (values[0] ?? null) : values);
}
