import { printable, printableLines } from "./printable.ts";

/** Prints data as JSON. */
export function printJson(data: unknown): void {
  // All that it changes is in strings, and is written there as JSON writes it.
  console.log(printableLines(JSON.stringify(data, null, 2)));
}

/** Prints rows in columns that are as wide as they need be. */
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
