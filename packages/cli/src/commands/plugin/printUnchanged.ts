import type { AdminResult } from "@peek/platform";

/** Prints a line for each instance on which nothing had to change. */
export function printUnchanged({ outcome, unchanged }: AdminResult, why: string): void {
  if (outcome !== "done") return;
  for (const instance of unchanged) console.log(`${instance}: ${why}`);
}
