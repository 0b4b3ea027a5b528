import { cutText, describeValue } from "@peek/errors";

/** What is kept of a field and of all together, as JSON; letters. */
const longest = { field: 1000, all: 10_000 } as const;

/**
 * The fields of an error as plain data of a bounded size, which may cross from a thread: each by itself under its name, by which
 * the log knows secrets. undefined where there are none.
 */
export function loggableFields(fields: unknown): Readonly<Record<string, unknown>> | undefined {
  if (typeof fields !== "object" || fields === null) return undefined;
  const plain: [string, unknown][] = [];
  let letters = 0;
  for (const name of Object.keys(fields)) {
    const value = plainValue(() => Reflect.get(fields, name) as unknown);
    if (value === undefined) continue;
    letters += name.length + value.letters;
    if (letters > longest.all) break;
    plain.push([name, value.value]);
  }
  return plain.length === 0 ? undefined : Object.fromEntries(plain);
}

function plainValue(get: () => unknown): { readonly value: unknown; readonly letters: number } | undefined {
  let value: unknown;
  try {
    value = get();
    if (typeof value === "string") return short(cut(value));
    const text: string | undefined = JSON.stringify(value);
    if (text === undefined) return undefined;
    if (text.length > longest.field) return short(`${text.length} letters, too long for the log`);
    const plain: unknown = JSON.parse(text);
    return { value: plain, letters: text.length };
  } catch {
    // A circle, a bigint, or a getter that throws.
    return short(describeValue(value));
  }
}

function short(value: string): { readonly value: string; readonly letters: number } {
  return { value, letters: value.length };
}

function cut(text: string): string {
  return cutText(text, longest.field);
}
