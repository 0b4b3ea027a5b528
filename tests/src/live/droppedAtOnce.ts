import { SimulatedBrowsers } from "./SimulatedBrowsers.ts";
import type { LiveSystem } from "./LiveSystem.ts";
import { itemsOf } from "./loadPlugin.ts";
import { Writer } from "./Writer.ts";

/** The options of the scenario. */
export interface DroppedOptions {
  readonly browsers: number;
  /** The number of channels. */
  readonly channels: number;
  readonly rows: number;
  /** Whether the browsers reconnect to another field service, instead of the same one after its restart. */
  readonly elsewhere: boolean;
}

/** The results. */
export interface DroppedFigures {
  /** Milliseconds from the cut until all browsers have current data. */
  readonly liveMs: number;
  /** Milliseconds of the start of the service to which they reconnect. */
  readonly startedMs: number;
  readonly providerRuns: number;
  readonly snapshots: number;
  readonly gaps: number;
}

/** A field service with many browsers is killed, and rows change meanwhile. */
export async function droppedAtOnce(system: LiveSystem, options: DroppedOptions): Promise<DroppedFigures> {
  const { browsers, channels, rows, elsewhere } = options;
  await system.fill(rows, channels);
  const urls = elsewhere ? system.fields.map(({ url }) => url) : [system.field.url];
  const selectors = Array.from({ length: channels }, (_, group) => itemsOf(group));
  await using simulated = await SimulatedBrowsers.open({ urls, count: browsers, selectors });
  await simulated.begin();
  const before = Object.values((await system.runs()).groups).reduce((sum, runs) => sum + runs, 0);
  const began = performance.now();
  await system.field.kill();
  await using writer = new Writer(system.db, rows);
  // No browser watches: reconnecting browsers have to see it, with one run of each provider.
  for (let row = 0; row < channels; row += 1) await writer.write(row);
  if (!elsewhere) await system.field.start();
  const startedMs = performance.now() - began;
  await simulated.untilResumed();
  const liveMs = performance.now() - began;
  const after = Object.values((await system.runs()).groups).reduce((sum, runs) => sum + runs, 0);
  const { snapshots, gaps } = await simulated.report();
  return { liveMs, startedMs, providerRuns: after - before, snapshots, gaps };
}
