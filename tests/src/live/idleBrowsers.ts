import { setTimeout as pause } from "node:timers/promises";
import { SimulatedBrowsers } from "./SimulatedBrowsers.ts";
import type { LiveSystem } from "./LiveSystem.ts";
import { itemsOf } from "./loadPlugin.ts";
import { memoryOf, processorTimeOf } from "./memoryOf.ts";

/** The options of the scenario. */
export interface IdleOptions {
  readonly browsers: number;
  /** The number of processes of the browsers. */
  readonly processes: number;
  readonly seconds: number;
}

/** The cost of connected browsers. */
export interface IdleFigures {
  /** Messages per second from field to all of them. */
  readonly messagesDown: number;
  /** Messages per second from all of them to field. */
  readonly messagesUp: number;
  /** Percent of a processor. */
  readonly fieldPercent: number;
  readonly fieldMiB: number;
  readonly cuts: number;
}

/** Idle browsers that watch data which does not change. */
export async function idleBrowsers(system: LiveSystem, options: IdleOptions): Promise<IdleFigures> {
  const { browsers, processes, seconds } = options;
  await using owned = new AsyncDisposableStack();
  await system.fill(10);
  const groups: SimulatedBrowsers[] = [];
  for (let index = 0; index < processes; index += 1) {
    const count = Math.floor(browsers / processes);
    groups.push(owned.use(await SimulatedBrowsers.open({ urls: [system.field.url], count, selectors: [itemsOf(0)] })));
  }
  const { pid } = system.field.process;
  await Promise.all(groups.map((browsers) => browsers.begin()));
  const before = { at: performance.now(), time: await processorTimeOf(pid) };
  await pause(seconds * 1000);
  const time = (await processorTimeOf(pid)) - before.time;
  const ms = performance.now() - before.at;
  const reports = await Promise.all(groups.map((browsers) => browsers.report()));
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
