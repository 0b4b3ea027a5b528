import { printTable } from "../output.ts";
import { printable } from "../printable.ts";

/** The least width of the last column in characters, also on a narrow terminal. */
const minWidth = 30;

/**
 * As {@link printTable}, with the last column cut to fit the terminal.
 *
 * @param width The characters of a line. Default: the width of the terminal; unlimited for other outputs.
 */
export function printFitted(
  cells: readonly (readonly string[])[],
  width = process.stdout.isTTY ? process.stdout.columns : Infinity,
): void {
  const rows = cells.map((row) => row.map(printable));
  const widths = (rows[0] ?? [])
    .slice(0, -1)
    .map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const room = Math.max(
    minWidth,
    widths.reduce((left, each) => left - each - 2, width),
  );
  printTable(rows.map((row) => [...row.slice(0, -1), cut(row.at(-1) ?? "", room)]));
}

function cut(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`;
}
