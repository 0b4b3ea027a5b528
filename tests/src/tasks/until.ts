import { setTimeout as pause } from "node:timers/promises";

const lookMs = 50;

/** Looks until something is so. @param limitMs After this long, it is not going to be. */
export async function until(
  what: string,
  isSo: () => boolean | Promise<boolean>,
  limitMs: number = 30_000,
): Promise<void> {
  const end = performance.now() + limitMs;
  while (!(await isSo())) {
    if (performance.now() > end) throw new Error(`It took longer than ${limitMs} ms until ${what}`);
    await pause(lookMs);
  }
}
