import { setTimeout as pause } from "node:timers/promises";
import { SimulatedBrowsers } from "./SimulatedBrowsers.ts";
import type { SimulatedBrowsersReport } from "./simulatedBrowsersMessages.ts";
import type { LiveSystem } from "./LiveSystem.ts";
import { itemsOf, itemTable } from "./loadPlugin.ts";
import { Writer } from "./Writer.ts";

/** The results. */
export interface SlowProvidersFigures {
  readonly report: SimulatedBrowsersReport;
  /** The final state of the database, in the form of {@link SimulatedBrowsersReport.states}. */
  readonly database: string;
  /** The largest offset of logic's clock, in milliseconds. */
  readonly clockWasOffBy: number;
  readonly providerRuns: number;
}

/** Rows change faster than services with a jumping clock load them. */
export async function slowProviders(
  system: LiveSystem,
  options: { readonly watchers: number; readonly rows: number; readonly perSecond: number; readonly seconds: number },
): Promise<SlowProvidersFigures> {
  const { watchers, rows, perSecond, seconds } = options;
  await system.fill(rows);
  await using browsers = await SimulatedBrowsers.open({
    urls: [system.field.url],
    count: watchers,
    selectors: [itemsOf(0)],
  });
  await browsers.begin();
  await using writer = new Writer(system.db, rows);
  writer.start(perSecond);
  const until = performance.now() + seconds * 1000;
  let clockWasOffBy = 0;
  while (performance.now() < until) {
    clockWasOffBy = Math.max(clockWasOffBy, Math.abs((await system.clock()) - Date.now()));
    await pause(30);
  }
  await writer.stop();
  await browsers.untilTotal(writer.written);
  const { rows: found } = await system.db.query<{ id: number; value: number }>(
    `SELECT id, value FROM ${itemTable} ORDER BY id`,
  );
  return {
    report: await browsers.report(),
    database: JSON.stringify(found.map(({ id, value }) => [id, value])),
    clockWasOffBy,
    providerRuns: (await system.runs()).groups[0] ?? 0,
  };
}
