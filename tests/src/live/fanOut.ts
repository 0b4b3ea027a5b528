import { setTimeout as pause } from "node:timers/promises";
import { SimulatedBrowsers } from "./SimulatedBrowsers.ts";
import type { SimulatedBrowsersReport } from "./simulatedBrowsersMessages.ts";
import type { LiveSystem } from "./LiveSystem.ts";
import { itemsOf } from "./loadPlugin.ts";
import { memoryOf, processorTimeOf } from "./memoryOf.ts";
import { Writer } from "./Writer.ts";

/** The options of the scenario. */
export interface FanOutOptions {
  readonly subscribers: number;
  /** The number of processes of the browsers. */
  readonly processes: number;
  readonly rows: number;
  /** The approximate length of a row, in characters. */
  readonly rowChars: number;
  readonly changes: number;
  /** Milliseconds from the last delivery of a change to the next change. */
  readonly restMs: number;
}

/** The results. */
export interface FanOutFigures {
  readonly reports: readonly SimulatedBrowsersReport[];
  readonly p50: number;
  readonly p99: number;
  readonly providerRuns: number;
  /** The number of different frames among all received ones. */
  readonly encodings: number;
  readonly largestFrame: number;
  readonly fieldMiB: number;
  /** Microseconds of field's CPU for each change and subscriber. */
  readonly fieldMicroseconds: number;
}

/** Many browsers watch one channel, of which one row changes at a time. */
export async function fanOut(system: LiveSystem, options: FanOutOptions): Promise<FanOutFigures> {
  const { subscribers, processes, rows, rowChars, changes, restMs } = options;
  await using owned = new AsyncDisposableStack();
  await system.fill(rows, 1, "x".repeat(rowChars));
  const groups: SimulatedBrowsers[] = [];
  for (let index = 0; index < processes; index += 1) {
    const count = Math.floor(subscribers / processes);
    const browsers = await SimulatedBrowsers.open({ urls: [system.field.url], count, selectors: [itemsOf(0)] });
    groups.push(owned.use(browsers));
  }
  await using writer = new Writer(system.db, rows);
  const { pid } = system.field.process;
  // The next change waits until all have the previous one: two changes in quick succession may be merged.
  const changeOne = async (row: number): Promise<void> => {
    await writer.write(row);
    await Promise.all(groups.map((browsers) => browsers.untilTotal(writer.written)));
    await pause(restMs);
  };
  // The first rounds, with compilation, are not counted.
  for (let change = 0; change < 5; change += 1) await changeOne(change);
  await Promise.all(groups.map((browsers) => browsers.begin()));
  const runsBefore = (await system.runs()).groups[0] ?? 0;
  const timeBefore = await processorTimeOf(pid);
  for (let change = 0; change < changes; change += 1) await changeOne(change % rows);
  const time = (await processorTimeOf(pid)) - timeBefore;
  const reports = await Promise.all(groups.map((browsers) => browsers.report()));
  return {
    reports,
    p50: Math.max(...reports.map(({ latency }) => latency.p50)),
    p99: Math.max(...reports.map(({ latency }) => latency.p99)),
    providerRuns: ((await system.runs()).groups[0] ?? 0) - runsBefore,
    encodings: Math.max(...reports.map(({ distinct }) => distinct)),
    largestFrame: Math.max(...reports.map(({ largestFrame }) => largestFrame)),
    fieldMiB: await memoryOf(pid),
    fieldMicroseconds: (time * 1000) / (changes * subscribers),
  };
}
