import type { z } from "zod";

/**
 * The first error of each field, by its name; those of no field are below `""`.
 *
 * @param required The error of a field in which nothing was entered.
 */
export function formErrors(error: z.ZodError, values: object, required: string): Readonly<Record<string, string>> {
  const entered = new Set(Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : [name])));
  const errors: Record<string, string> = {};
  for (const { path, message } of error.issues) {
    const name = String(path[0] ?? "");
    errors[name] ??= name !== "" && !entered.has(name) ? required : message;
  }
  return errors;
}
