import { printable, printableLines } from "./printable.ts";

/** Prints data as JSON. */
export function printJson(data: unknown): void {
  // Control characters are only in strings, where JSON has the same escapes.
  console.log(printableLines(JSON.stringify(data, null, 2)));
}

/** Prints rows in columns as wide as their longest cells. */
export function printTable(cells: readonly (readonly string[])[]): void {
  const rows = cells.map((row) => row.map(printable));
  const widths = rows.reduce<readonly number[]>(
    (before, row) => row.map((cell, column) => Math.max(before[column] ?? 0, cell.length)),
    [],
  );
  for (const row of rows) {
    console.log(
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    );
  }
}
