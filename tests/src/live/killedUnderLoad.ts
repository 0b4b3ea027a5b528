import { setTimeout as pause } from "node:timers/promises";
import { SimulatedBrowsers } from "./SimulatedBrowsers.ts";
import type { SimulatedBrowsersReport } from "./simulatedBrowsersMessages.ts";
import type { LiveSystem } from "./LiveSystem.ts";
import { itemsOf } from "./loadPlugin.ts";
import { Writer } from "./Writer.ts";

/** The options of the scenario. */
export interface KilledOptions {
  readonly clients: number;
  readonly updatesPerSecond: number;
  readonly rows: number;
  /** Seconds before, and after the kill. */
  readonly seconds: number;
}

/** The results. */
export interface KilledFigures {
  readonly report: SimulatedBrowsersReport;
  /** Milliseconds from the kill until all had resumed. */
  readonly resumedMs: number;
  readonly updates: number;
  /** The rate of updates per second. */
  readonly updatesPerSecond: number;
}

/** A field service is killed while rows change; its clients reconnect to another. */
export async function killedUnderLoad(system: LiveSystem, options: KilledOptions): Promise<KilledFigures> {
  const { clients, updatesPerSecond, rows, seconds } = options;
  await system.fill(rows);
  const urls = system.fields.map(({ url }) => url);
  await using browsers = await SimulatedBrowsers.open({ urls, count: clients, selectors: [itemsOf(0)] });
  await using writer = new Writer(system.db, rows);
  writer.start(updatesPerSecond);
  const began = performance.now();
  await pause(seconds * 1000);
  await browsers.begin();
  const killed = performance.now();
  await system.field.kill();
  await browsers.untilResumed();
  const resumedMs = performance.now() - killed;
  await pause(seconds * 1000);
  const took = (performance.now() - began) / 1000;
  await writer.stop();
  await browsers.untilTotal(writer.written);
  return {
    report: await browsers.report(),
    resumedMs,
    updates: writer.written,
    updatesPerSecond: writer.written / took,
  };
}
