import { setTimeout as pause } from "node:timers/promises";
import { Crowd } from "./Crowd.ts";
import type { CrowdReport } from "./crowdMessages.ts";
import type { LiveSystem } from "./LiveSystem.ts";
import { itemsOf, itemTable } from "./loadPlugin.ts";
import { Writer } from "./Writer.ts";

/** What came of it. */
export interface SlowProvidersFigures {
  readonly report: CrowdReport;
  /** What the database has in the end, as {@link CrowdReport.states} has it. */
  readonly database: string;
  /** How far the clock of logic was off at most; milliseconds. */
  readonly clockWasOffBy: number;
  readonly providerRuns: number;
}

/** Rows change faster than they are loaded, by services whose clock jumps. */
export async function slowProviders(
  system: LiveSystem,
  options: { readonly watchers: number; readonly rows: number; readonly perSecond: number; readonly seconds: number },
): Promise<SlowProvidersFigures> {
  const { watchers, rows, perSecond, seconds } = options;
  await system.fill(rows);
  await using crowd = await Crowd.open({ urls: [system.field.url], count: watchers, selectors: [itemsOf(0)] });
  await crowd.begin();
  const writer = new Writer(system.db, rows);
  writer.start(perSecond);
  const until = performance.now() + seconds * 1000;
  let clockWasOffBy = 0;
  while (performance.now() < until) {
    clockWasOffBy = Math.max(clockWasOffBy, Math.abs((await system.clock()) - Date.now()));
    await pause(30);
  }
  await writer.stop();
  await crowd.untilTotal(writer.written);
  const { rows: found } = await system.db.query<{ id: number; value: number }>(
    `SELECT id, value FROM ${itemTable} ORDER BY id`,
  );
  return {
    report: await crowd.report(),
    database: JSON.stringify(found.map(({ id, value }) => [id, value])),
    clockWasOffBy,
    providerRuns: (await system.runs()).groups[0] ?? 0,
  };
}
