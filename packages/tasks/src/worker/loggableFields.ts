import { cutText, describeValue } from "@peek/errors";

/** The bounds of one field and of all fields, as JSON. */
const maxCharacters = { field: 1000, all: 10_000 } as const;

/**
 * Makes the fields of an error plain data of a bounded size, which can be sent from a thread. They keep their names, by which the log
 * recognizes secrets. Returns undefined when there are none.
 */
export function loggableFields(fields: unknown): Readonly<Record<string, unknown>> | undefined {
  if (typeof fields !== "object" || fields === null) return undefined;
  const plain: [string, unknown][] = [];
  let characters = 0;
  for (const name of Object.keys(fields)) {
    const value = plainValue(() => Reflect.get(fields, name) as unknown);
    if (value === undefined) continue;
    characters += name.length + value.characters;
    if (characters > maxCharacters.all) break;
    plain.push([name, value.value]);
  }
  return plain.length === 0 ? undefined : Object.fromEntries(plain);
}

function plainValue(get: () => unknown): { readonly value: unknown; readonly characters: number } | undefined {
  let value: unknown;
  try {
    value = get();
    if (typeof value === "string") return short(cut(value));
    const text: string | undefined = JSON.stringify(value);
    if (text === undefined) return undefined;
    if (text.length > maxCharacters.field) return short(`${text.length} characters, too long for the log`);
    const plain: unknown = JSON.parse(text);
    return { value: plain, characters: text.length };
  } catch {
    // A cyclic value, a bigint, or a getter that throws.
    return short(describeValue(value));
  }
}

function short(value: string): { readonly value: string; readonly characters: number } {
  return { value, characters: value.length };
}

function cut(text: string): string {
  return cutText(text, maxCharacters.field);
}
