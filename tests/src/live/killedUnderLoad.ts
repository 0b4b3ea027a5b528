import { setTimeout as pause } from "node:timers/promises";
import { Crowd } from "./Crowd.ts";
import type { CrowdReport } from "./crowdMessages.ts";
import type { LiveSystem } from "./LiveSystem.ts";
import { itemsOf } from "./loadPlugin.ts";
import { Writer } from "./Writer.ts";

/** What goes on while it is killed. */
export interface KilledOptions {
  readonly clients: number;
  readonly updatesPerSecond: number;
  readonly rows: number;
  /** Before, and after; seconds. */
  readonly seconds: number;
}

/** What came of it. */
export interface KilledFigures {
  readonly report: CrowdReport;
  /** From the kill until all had resumed; milliseconds. */
  readonly resumedMs: number;
  readonly updates: number;
  /** How many there were in a second. */
  readonly updatesPerSecond: number;
}

/** A field service is killed while rows change; another takes its clients. */
export async function killedUnderLoad(system: LiveSystem, options: KilledOptions): Promise<KilledFigures> {
  const { clients, updatesPerSecond, rows, seconds } = options;
  await system.fill(rows);
  const urls = system.fields.map(({ url }) => url);
  await using crowd = await Crowd.open({ urls, count: clients, selectors: [itemsOf(0)] });
  const writer = new Writer(system.db, rows);
  writer.start(updatesPerSecond);
  const began = performance.now();
  await pause(seconds * 1000);
  await crowd.begin();
  const killed = performance.now();
  await system.field.kill();
  await crowd.untilResumed();
  const resumedMs = performance.now() - killed;
  await pause(seconds * 1000);
  const took = (performance.now() - began) / 1000;
  await writer.stop();
  await crowd.untilTotal(writer.written);
  return {
    report: await crowd.report(),
    resumedMs,
    updates: writer.written,
    updatesPerSecond: writer.written / took,
  };
}
