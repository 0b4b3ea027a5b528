import { setTimeout as delay } from "node:timers/promises";

/** Waits for a condition; throws when it has not come true within a minute and a half. */
export async function until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  const giveUpAt = performance.now() + 90_000;
  while (!(await condition())) {
    if (performance.now() > giveUpAt) throw new Error(`Not within 90 s: ${what}`);
    await delay(20);
  }
}
