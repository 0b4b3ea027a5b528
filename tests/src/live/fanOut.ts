import { setTimeout as pause } from "node:timers/promises";
import { Crowd } from "./Crowd.ts";
import type { CrowdReport } from "./crowdMessages.ts";
import type { LiveSystem } from "./LiveSystem.ts";
import { itemsOf } from "./loadPlugin.ts";
import { memoryOf, processorTimeOf } from "./memoryOf.ts";
import { Writer } from "./Writer.ts";

/** How many watch one channel, and what happens to it. */
export interface FanOutOptions {
  readonly subscribers: number;
  /** In how many processes. */
  readonly processes: number;
  readonly rows: number;
  /** How long a row is, about; characters. */
  readonly rowChars: number;
  readonly changes: number;
  /** From when all have a change to the next; milliseconds. */
  readonly restMs: number;
}

/** What came of it. */
export interface FanOutFigures {
  readonly reports: readonly CrowdReport[];
  readonly p50: number;
  readonly p99: number;
  readonly providerRuns: number;
  /** Different frames that were sent, by all that was received. */
  readonly encodings: number;
  readonly largestFrame: number;
  readonly fieldMiB: number;
  /** Of a processor of field, for each change and subscriber; microseconds. */
  readonly fieldMicroseconds: number;
}

/** Many watch one channel, of which one row changes at a time. */
export async function fanOut(system: LiveSystem, options: FanOutOptions): Promise<FanOutFigures> {
  const { subscribers, processes, rows, rowChars, changes, restMs } = options;
  await using owned = new AsyncDisposableStack();
  await system.fill(rows, 1, "x".repeat(rowChars));
  const crowds: Crowd[] = [];
  for (let index = 0; index < processes; index += 1) {
    const count = Math.floor(subscribers / processes);
    const crowd = await Crowd.open({ urls: [system.field.url], count, selectors: [itemsOf(0)] });
    crowds.push(owned.use(crowd));
  }
  const writer = new Writer(system.db, rows);
  const { pid } = system.field.process;
  // The next only when all have it: two changes that come soon after each other may be one.
  const changeOne = async (row: number): Promise<void> => {
    await writer.write(row);
    await Promise.all(crowds.map((crowd) => crowd.untilTotal(writer.written)));
    await pause(restMs);
  };
  // What is compiled at first is not what is asked for.
  for (let change = 0; change < 5; change += 1) await changeOne(change);
  await Promise.all(crowds.map((crowd) => crowd.begin()));
  const runsBefore = (await system.runs()).groups[0] ?? 0;
  const timeBefore = await processorTimeOf(pid);
  for (let change = 0; change < changes; change += 1) await changeOne(change % rows);
  const time = (await processorTimeOf(pid)) - timeBefore;
  const reports = await Promise.all(crowds.map((crowd) => crowd.report()));
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
