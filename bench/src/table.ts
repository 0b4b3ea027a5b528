import type { Summary } from "./statistics.ts";

/** A table in markdown. The first columns hold text, the others numbers. */
export function table(head: readonly string[], rows: readonly (readonly string[])[], textColumns = 1): string {
  const rule = head.map((_, column) => (column < textColumns ? "---" : "---:"));
  return [head, rule, ...rows].map((row) => `| ${row.join(" | ")} |`).join("\n");
}

/** `215 (208–260)`: the median, the least and the most. */
export function withSpread({ median, min, max }: Summary, digits = 0): string {
  return `${median.toFixed(digits)} (${min.toFixed(digits)}–${max.toFixed(digits)})`;
}

/** `1.31 ×` */
export function ratio(value: number, limit: number): string {
  return `${(value / limit).toFixed(2)} ×`;
}

/** `1.31 × (1.20–1.44)`: the median, the least and the most. */
export function ratioOf({ median, min, max }: Summary, digits = 2): string {
  return `${median.toFixed(digits)} × (${min.toFixed(digits)}–${max.toFixed(digits)})`;
}
