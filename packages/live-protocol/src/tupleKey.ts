/**
 * The key of a tuple as a text. Different keys of one tuple type have different texts.
 *
 * @param tuple As `JSON.parse` returns the text that `encode` of @peek/plugin-base/contracts made.
 * @param keyFields The key fields of its type, in order.
 */
export function tupleKey(tuple: unknown, keyFields: readonly string[]): string {
  const values = keyFields.map((field): unknown => {
    if (typeof tuple !== "object" || tuple === null) return undefined;
    // `encode` writes names that begin with `$` with one more.
    return Reflect.get(tuple, field.startsWith("$") ? `$${field}` : field);
  });
  // Most keys have one field, and each delta that removes tuples sends their keys: brackets would only lengthen them.
  return JSON.stringify(values.length === 1 ? (values[0] ?? null) : values);
}
