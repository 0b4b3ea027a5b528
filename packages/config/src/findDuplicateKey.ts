import { visit } from "jsonc-parser";

/** A key that occurs twice in one object of a JSON text. */
export interface DuplicateKey {
  /** The path of the key. */
  readonly path: readonly (string | number)[];
  /** The line of its second occurrence, counted from 1. */
  readonly line: number;
}

/** Finds the first duplicate key: JSON.parse() silently uses its last occurrence, and people see the first. */
export function findDuplicateKey(text: string): DuplicateKey | undefined {
  const open: Set<string>[] = [];
  let found: DuplicateKey | undefined;
  visit(text, {
    onObjectBegin: () => void open.push(new Set()),
    onObjectEnd: () => void open.pop(),
    onObjectProperty: (name, _offset, _length, line, _column, path) => {
      const names = open.at(-1);
      if (names?.has(name) === true) found ??= { path: [...path(), name], line: line + 1 };
      names?.add(name);
    },
  });
  return found;
}
