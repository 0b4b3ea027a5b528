import type { Case, Sample } from "./Suite.ts";

/** A case with its results. */
export interface Measured<Metric extends string, C extends Case<Metric>> {
  readonly case: C;
  readonly samples: readonly Sample<Metric>[];
}

/**
 * Runs all cases once, then all once again, and so on, so that other load of the machine affects all alike. A first
 * round warms the caches (files, compiled code) and is not counted.
 */
export async function roundRobin<Metric extends string, C extends Case<Metric>>(
  name: string,
  cases: readonly C[],
  runs: number,
): Promise<readonly Measured<Metric, C>[]> {
  const measured = cases.map((each) => ({ case: each, samples: new Array<Sample<Metric>>() }));
  for (let round = 0; round <= runs; round += 1) {
    console.error(`${name}: ${round === 0 ? "warming up" : `round ${round} of ${runs}`}`);
    for (const { case: each, samples } of measured) {
      const sample = await each.run();
      if (round > 0) samples.push(sample);
    }
  }
  return measured;
}
