import { setTimeout as pause } from "node:timers/promises";
import { SimulatedBrowsers } from "./SimulatedBrowsers.ts";
import type { LiveSystem } from "./LiveSystem.ts";
import { blobs } from "./loadPlugin.ts";
import { memoryOf } from "./memoryOf.ts";
import { Relay } from "./Relay.ts";
import { now } from "./Writer.ts";

/** The options of the scenario. */
export interface SlowReadersOptions {
  readonly slow: number;
  /**
   * The number of slow browsers that read at full speed at the end, while the others stay slow. The system buffers 8 MB for each:
   * with many, the test would measure how fast its own processes read that.
   */
  readonly recovering: number;
  readonly others: number;
  /** The size of the row in bytes, and its rate of changes. */
  readonly rowBytes: number;
  readonly perSecond: number;
  /** The rate of each slow browser, in bytes per second. */
  readonly bytesPerSecond: number;
  readonly seconds: number;
  /** The seconds in which the other browsers are measured before. */
  readonly secondsBefore: number;
}

/** The results. */
export interface SlowReadersFigures {
  readonly p99Before: number;
  readonly p99: number;
  /** The growth of field's memory for each slow browser, in MiB. */
  readonly mibEach: number;
  readonly fieldMiB: number;
  /** Milliseconds from the return to full speed until the browsers had the latest state. */
  readonly recoveredMs: number;
  /** The frames sent to each slow browser, in proportion to those sent to the others. */
  readonly framesOfSlow: number;
  readonly framesOfOthers: number;
  readonly cuts: number;
  readonly gaps: number;
}

/** A browser without a message for this time has read all data in transit. */
const quietMs = 200;

/** Some browsers slowly read a row that changes often. */
export async function slowReaders(system: LiveSystem, options: SlowReadersOptions): Promise<SlowReadersFigures> {
  const { slow: count, others: otherCount, recovering: recoveringCount } = options;
  const { rowBytes, perSecond, bytesPerSecond, seconds, secondsBefore } = options;
  const { port, url, process } = system.field;
  await using staying = await Relay.open(port);
  await using relay = await Relay.open(port);
  await system.blob(rowBytes, perSecond);
  await using others = await SimulatedBrowsers.open({ urls: [url], count: otherCount, selectors: [blobs] });
  await pause(secondsBefore * 500);
  await others.begin();
  await pause(secondsBefore * 1000);
  const before = await others.report();
  const open = (through: Relay, members: number): Promise<SimulatedBrowsers> =>
    SimulatedBrowsers.open({ urls: [`ws://127.0.0.1:${through.port}/vortex`], count: members, selectors: [blobs] });
  await using slow = await open(staying, count - recoveringCount);
  await using recovering = await open(relay, recoveringCount);
  const memory = await memoryOf(process.pid);
  staying.bytesPerSecond = bytesPerSecond;
  relay.bytesPerSecond = bytesPerSecond;
  const framesSent = async (): Promise<number> => (await slow.report()).frames + (await recovering.report()).frames;
  // Data that the relays had forwarded before takes a while, on a busy machine.
  do {
    await Promise.all([slow.begin(), recovering.begin()]);
    await pause(quietMs);
  } while ((await framesSent()) > 0);
  await others.begin();
  await pause(seconds * 1000);
  const after = await others.report();
  const memoryAfter = await memoryOf(process.pid);
  const slowFrames = await framesSent();
  const since = now();
  relay.bytesPerSecond = Infinity;
  await recovering.untilFresh(since);
  const recoveredMs = now() - since;
  const reports = [after, await slow.report(), await recovering.report()];
  await system.blob(2, 0);
  return {
    p99Before: before.latency.p99,
    p99: after.latency.p99,
    mibEach: (memoryAfter - memory) / count,
    fieldMiB: memoryAfter,
    recoveredMs,
    framesOfSlow: slowFrames / count,
    framesOfOthers: after.frames / otherCount,
    cuts: reports.reduce((sum, { cuts }) => sum + cuts, 0),
    gaps: reports.reduce((sum, { gaps }) => sum + gaps, 0),
  };
}
