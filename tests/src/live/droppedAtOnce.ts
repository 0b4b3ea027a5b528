import { Crowd } from "./Crowd.ts";
import type { LiveSystem } from "./LiveSystem.ts";
import { itemsOf } from "./loadPlugin.ts";
import { Writer } from "./Writer.ts";

/** Who is dropped. */
export interface DroppedOptions {
  readonly browsers: number;
  /** How many different channels they watch. */
  readonly channels: number;
  readonly rows: number;
  /** Whether another field service takes them, instead of the same when it is back. */
  readonly elsewhere: boolean;
}

/** What came of it. */
export interface DroppedFigures {
  /** From the cut until all knew how things are; milliseconds. */
  readonly liveMs: number;
  /** Of the service that took them, which had to start first; milliseconds. */
  readonly startedMs: number;
  readonly providerRuns: number;
  readonly snapshots: number;
  readonly gaps: number;
}

/** A field service is killed that many browsers are connected to; and rows have changed meanwhile. */
export async function droppedAtOnce(system: LiveSystem, options: DroppedOptions): Promise<DroppedFigures> {
  const { browsers, channels, rows, elsewhere } = options;
  await system.fill(rows, channels);
  const urls = elsewhere ? system.fields.map(({ url }) => url) : [system.field.url];
  const selectors = Array.from({ length: channels }, (_, group) => itemsOf(group));
  await using crowd = await Crowd.open({ urls, count: browsers, selectors });
  await crowd.begin();
  const before = Object.values((await system.runs()).groups).reduce((sum, runs) => sum + runs, 0);
  const began = performance.now();
  await system.field.kill();
  const writer = new Writer(system.db, rows);
  // Nobody watches: whoever comes back is to see it, by one run of each provider.
  for (let row = 0; row < channels; row += 1) await writer.write(row);
  if (!elsewhere) await system.field.start();
  const startedMs = performance.now() - began;
  await crowd.untilResumed();
  const liveMs = performance.now() - began;
  const after = Object.values((await system.runs()).groups).reduce((sum, runs) => sum + runs, 0);
  const { snapshots, gaps } = await crowd.report();
  return { liveMs, startedMs, providerRuns: after - before, snapshots, gaps };
}
