import { setTimeout as pause } from "node:timers/promises";

const lookMs = 50;

/** Polls until a condition holds. @param limitMs The time limit. */
export async function until(
  what: string,
  isSo: () => boolean | Promise<boolean>,
  limitMs: number = 90_000,
): Promise<void> {
  const end = performance.now() + limitMs;
  while (!(await isSo())) {
    if (performance.now() > end) throw new Error(`It took longer than ${limitMs} ms until ${what}`);
    await pause(lookMs);
  }
}
