/** The props of a value that a form controls; without `onChange`, those of a value that the field keeps itself. */
export function valueProps<Value>(
  value: Value | undefined,
  onChange: ((value: Value) => void) | undefined,
  empty: Value,
): { readonly value: Value; readonly onChange: (value: Value) => void } | { readonly defaultValue: Value } {
  return onChange === undefined ? { defaultValue: value ?? empty } : { value: value ?? empty, onChange };
}
