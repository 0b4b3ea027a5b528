import { summarise } from "../statistics.ts";

/** The work of a short measurement. */
export interface Slice {
  /** Operations per second. */
  readonly perSecond: number;
  /** The median milliseconds of an operation. */
  readonly medianMs: number;
}

/** Repeats an operation for `ms`, with `inFlight` of them at a time. */
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
