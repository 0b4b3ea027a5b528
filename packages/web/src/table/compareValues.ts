import type { CellValue } from "./DataColumn.ts";

/** Compares two values of a column: texts as the language orders them, everything else by size. */
export function compareValues(one: CellValue, other: CellValue, collator: Intl.Collator): number {
  if (typeof one === "string" && typeof other === "string") return collator.compare(one, other);
  if (one === other) return 0;
  return Number(one) < Number(other) ? -1 : 1;
}
