import { printTable } from "../output.ts";
import { printable } from "../printable.ts";

/** What is shown of the last column, however narrow the terminal is; characters. */
const least = 30;

/**
 * As {@link printTable}; what does not fit on the terminal is cut off the last column.
 *
 * @param width How many characters fit on a line. Default: of the terminal; all, where the output goes elsewhere.
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
    least,
    widths.reduce((left, each) => left - each - 2, width),
  );
  printTable(rows.map((row) => [...row.slice(0, -1), cut(row.at(-1) ?? "", room)]));
}

function cut(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`;
}
