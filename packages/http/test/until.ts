import { setImmediate } from "node:timers/promises";

/** Waits for a condition; throws when it has not come true within 10 s. */
export async function until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  const giveUpAt = performance.now() + 10_000;
  while (!(await condition())) {
    if (performance.now() > giveUpAt) throw new Error(`Not within 10 s: ${what}`);
    await setImmediate();
  }
}
