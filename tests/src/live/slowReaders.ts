import { setTimeout as pause } from "node:timers/promises";
import { Crowd } from "./Crowd.ts";
import type { LiveSystem } from "./LiveSystem.ts";
import { blobs } from "./loadPlugin.ts";
import { memoryOf } from "./memoryOf.ts";
import { Relay } from "./Relay.ts";
import { now } from "./Writer.ts";

/** Who reads slowly, and for how long. */
export interface SlowReadersOptions {
  readonly slow: number;
  /**
   * How many of them read as fast as they can in the end, while the others stay slow. The system keeps 8 MB that was sent to each:
   * with many, it is measured how quickly the processes of this test take that.
   */
  readonly recovering: number;
  readonly others: number;
  /** How large the row is, and how often it changes; bytes. */
  readonly rowBytes: number;
  readonly perSecond: number;
  /** What each slow one reads; bytes a second. */
  readonly bytesPerSecond: number;
  readonly seconds: number;
  /** How long the others are measured before; seconds. */
  readonly secondsBefore: number;
}

/** What came of it. */
export interface SlowReadersFigures {
  readonly p99Before: number;
  readonly p99: number;
  /** By how much the memory of field grew for each slow one; MiB. */
  readonly mibEach: number;
  readonly fieldMiB: number;
  /** From when some read as fast as they can until they had the latest; milliseconds. */
  readonly recoveredMs: number;
  /** How many frames each of the slow ones was sent, of how many that the others were sent. */
  readonly framesOfSlow: number;
  readonly framesOfOthers: number;
  readonly cuts: number;
  readonly gaps: number;
}

/** Those to whom nothing comes for so long have read what was on its way. */
const quietMs = 200;

/** Some read slowly what changes a lot. */
export async function slowReaders(system: LiveSystem, options: SlowReadersOptions): Promise<SlowReadersFigures> {
  const { slow: count, others: otherCount, recovering: recoveringCount } = options;
  const { rowBytes, perSecond, bytesPerSecond, seconds, secondsBefore } = options;
  const { port, url, process } = system.field;
  await using staying = await Relay.open(port);
  await using relay = await Relay.open(port);
  await system.blob(rowBytes, perSecond);
  await using others = await Crowd.open({ urls: [url], count: otherCount, selectors: [blobs] });
  await pause(secondsBefore * 500);
  await others.begin();
  await pause(secondsBefore * 1000);
  const before = await others.report();
  const open = (through: Relay, members: number): Promise<Crowd> =>
    Crowd.open({ urls: [`ws://127.0.0.1:${through.port}/vortex`], count: members, selectors: [blobs] });
  await using slow = await open(staying, count - recoveringCount);
  await using recovering = await open(relay, recoveringCount);
  const memory = await memoryOf(process.pid);
  staying.bytesPerSecond = bytesPerSecond;
  relay.bytesPerSecond = bytesPerSecond;
  const framesSent = async (): Promise<number> => (await slow.report()).frames + (await recovering.report()).frames;
  // What the relays had passed on before takes a while, on a machine that does much else.
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
