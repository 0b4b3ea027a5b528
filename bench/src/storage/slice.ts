import { summarise } from "../statistics.ts";

/** What was done within a short while. */
export interface Slice {
  /** How often it was done; per second. */
  readonly perSecond: number;
  /** How long each took that was done, the middle of all; milliseconds. */
  readonly medianMs: number;
}

/** Does something again and again for a while, so many of it at the same time. */
export async function slice(work: (index: number) => Promise<unknown>, inFlight: number, ms: number): Promise<Slice> {
  const began = performance.now();
  const until = began + ms;
  const took: number[] = [];
  const workers = Array.from({ length: inFlight }, async (_, worker) => {
    for (let index = worker, since = performance.now(); since < until; index += inFlight) {
      await work(index);
      const now = performance.now();
      took.push(now - since);
      since = now;
    }
  });
  await Promise.all(workers);
  return { perSecond: (took.length * 1000) / (performance.now() - began), medianMs: summarise(took).median };
}
