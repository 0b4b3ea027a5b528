import { setTimeout as pause } from "node:timers/promises";
import { Crowd } from "./Crowd.ts";
import type { LiveSystem } from "./LiveSystem.ts";
import { itemsOf } from "./loadPlugin.ts";
import { memoryOf, processorTimeOf } from "./memoryOf.ts";

/** How many browsers do nothing, and for how long. */
export interface IdleOptions {
  readonly browsers: number;
  /** In how many processes. */
  readonly processes: number;
  readonly seconds: number;
}

/** What it costs that browsers are connected. */
export interface IdleFigures {
  /** Of field, to all of them; in a second. */
  readonly messagesDown: number;
  /** Of all of them, to field; in a second. */
  readonly messagesUp: number;
  /** Of a processor; percent. */
  readonly fieldPercent: number;
  readonly fieldMiB: number;
  readonly cuts: number;
}

/** Browsers that watch something which does not change, and that nobody uses. */
export async function idleBrowsers(system: LiveSystem, options: IdleOptions): Promise<IdleFigures> {
  const { browsers, processes, seconds } = options;
  await using owned = new AsyncDisposableStack();
  await system.fill(10);
  const crowds: Crowd[] = [];
  for (let index = 0; index < processes; index += 1) {
    const count = Math.floor(browsers / processes);
    crowds.push(owned.use(await Crowd.open({ urls: [system.field.url], count, selectors: [itemsOf(0)] })));
  }
  const { pid } = system.field.process;
  await Promise.all(crowds.map((crowd) => crowd.begin()));
  const before = { at: performance.now(), time: await processorTimeOf(pid) };
  await pause(seconds * 1000);
  const time = (await processorTimeOf(pid)) - before.time;
  const ms = performance.now() - before.at;
  const reports = await Promise.all(crowds.map((crowd) => crowd.report()));
  const perSecond = (count: (report: (typeof reports)[number]) => number): number =>
    (reports.reduce((sum, report) => sum + count(report), 0) * 1000) / ms;
  return {
    messagesDown: perSecond(({ frames }) => frames),
    messagesUp: perSecond(({ beats }) => beats),
    fieldPercent: (time / ms) * 100,
    fieldMiB: await memoryOf(pid),
    cuts: reports.reduce((sum, { cuts }) => sum + cuts, 0),
  };
}
