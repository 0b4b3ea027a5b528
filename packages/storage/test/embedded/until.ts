import { setTimeout as delay } from "node:timers/promises";

/** Waits for a condition. Throws when it is not met within 55 s. */
export async function until(what: string, condition: () => boolean): Promise<void> {
  const giveUpAt = performance.now() + 55_000;
  while (!condition()) {
    if (performance.now() > giveUpAt) throw new Error(`Not within 55 s: ${what}`);
    await delay(10);
  }
}
