import { defineAction } from "@peek/plugin-base/contracts";
import { setTimeout as pause } from "node:timers/promises";
import { z } from "zod";
import { RecordingClient } from "../RecordingClient.ts";
import { beginCalls, type CallReport, endCalls } from "./callingPlugins.ts";
import type { CountedCalls } from "./countedCalls.ts";
import type { LiveSystem } from "./LiveSystem.ts";
import { itemsOf, loadName, notedTable, tickedTable } from "./loadPlugin.ts";
import { memoryOf } from "./memoryOf.ts";
import { SimulatedBrowsers } from "./SimulatedBrowsers.ts";
import type { SimulatedBrowsersReport } from "./simulatedBrowsersMessages.ts";
import { Writer } from "./Writer.ts";

const Note = defineAction(`${loadName}.Note`, { lane: z.string(), n: z.int() });

/** The options of the scenario. */
export interface ReloadedOptions {
  readonly browsers: number;
  readonly reloads: number;
  readonly changesPerSecond: number;
  readonly actionsPerSecond: number;
  /** The calls to the plugin that is reloaded, and to another one: half of them to each. */
  readonly callsPerSecond: number;
  /** The deadline of each call. */
  readonly deadlineMs: number;
  /** Called before each reload. Default: the files of the plugin stay the same. */
  readonly beforeReload?: (reload: number) => Promise<void>;
}

/** The results. */
export interface ReloadedFigures {
  readonly report: SimulatedBrowsersReport;
  readonly calls: CallReport;
  readonly executed: CountedCalls;
  /** Actions, and how many were executed not at all, repeatedly, or after a later one of their lane. */
  readonly actions: {
    readonly pushed: number;
    readonly lost: number;
    readonly repeated: number;
    readonly disordered: number;
  };
  /** Tasks, one for each action, and how many were not executed. A task that is interrupted runs again. */
  readonly tasks: { readonly lost: number; readonly repeated: number };
  /** Milliseconds of the command `peek plugin reload`. */
  readonly reloadMs: readonly number[];
  /** Resident MiB of logic and of field: before the first reload, after a tenth of them, and after the last. */
  readonly memory: Readonly<Record<"logic" | "field", readonly [begin: number, warm: number, end: number]>>;
  readonly seconds: number;
}

/** The plugin that generates load is reloaded repeatedly, while browsers, callers, actions and tasks use it. */
export async function reloadedUnderLoad(system: LiveSystem, options: ReloadedOptions): Promise<ReloadedFigures> {
  const { field, logic } = system;
  await system.fill(20);
  await using browsers = await SimulatedBrowsers.open({
    urls: [field.url],
    count: options.browsers,
    selectors: [itemsOf(0)],
  });
  using recording = new RecordingClient({ url: field.url });
  await using writer = new Writer(system.db, 20);
  const pushing = new Pushing(recording.client, options.actionsPerSecond);
  await browsers.begin();
  writer.start(options.changesPerSecond);
  await beginCalls(field.dir, { perSecond: options.callsPerSecond / 2, deadlineMs: options.deadlineMs });
  const began = performance.now();
  const pushed = pushing.run();
  const memory = { logic: [] as number[], field: [] as number[] };
  const measure = async (): Promise<void> => {
    memory.logic.push(await memoryOf(logic.pid));
    memory.field.push(await memoryOf(field.process.pid));
  };
  await pause(2000);
  await measure();
  const reloadMs: number[] = [];
  for (let reload = 0; reload < options.reloads; reload += 1) {
    if (reload === Math.floor(options.reloads / 10)) await measure();
    await options.beforeReload?.(reload);
    const start = performance.now();
    const { code, stdout, stderr } = await system.reload();
    if (code !== 0) throw new Error(`Reload ${reload} ended with ${code}: ${stdout}${stderr}`);
    reloadMs.push(performance.now() - start);
  }
  await measure();
  pushing.stop();
  const count = await pushed;
  const seconds = (performance.now() - began) / 1000;
  const calls = await endCalls(field.dir);
  await writer.stop();
  await browsers.untilTotal(writer.written);
  const actions = await once(system, notedTable, count);
  await system.tasksDone();
  const tasks = await once(system, tickedTable, count);
  return {
    report: await browsers.report(),
    calls,
    executed: await system.counted(),
    actions: { pushed: count, ...actions, disordered: await disorderedActions(system) },
    tasks,
    reloadMs,
    memory: { logic: threeOf(memory.logic), field: threeOf(memory.field) },
    seconds,
  };
}

function threeOf([begin = 0, warm = 0, end = 0]: readonly number[]): [number, number, number] {
  return [begin, warm, end];
}

/** Counts the numbers from 1 to `count` that a table does not have, or has repeatedly. */
async function once(
  system: LiveSystem,
  table: string,
  count: number,
): Promise<{ readonly lost: number; readonly repeated: number }> {
  const { rows } = await system.db.query<{ all: number; different: number }>(
    `SELECT count(*)::int AS all, count(DISTINCT n)::int AS different FROM ${table}`,
  );
  const [{ all, different } = { all: 0, different: 0 }] = rows;
  return { lost: count - different, repeated: all - different };
}

async function disorderedActions(system: LiveSystem): Promise<number> {
  const { rows } = await system.db.query(
    `SELECT FROM (SELECT n, lag(n) OVER (PARTITION BY lane ORDER BY id) AS before FROM ${notedTable}) WHERE n < before`,
  );
  return rows.length;
}

/** Pushes actions at a rate, each in one of many lanes, without waiting for the ones before. */
class Pushing {
  readonly #client: RecordingClient["client"];
  readonly #perSecond: number;
  #isStopped = false;

  constructor(client: RecordingClient["client"], perSecond: number) {
    this.#client = client;
    this.#perSecond = perSecond;
  }

  /** Resolves with the number of pushed actions, when all are answered. */
  async run(): Promise<number> {
    const began = performance.now();
    const results: Promise<unknown>[] = [];
    while (!this.#isStopped) {
      while (results.length < ((performance.now() - began) / 1000) * this.#perSecond) {
        results.push(this.#push(results.length + 1));
      }
      await pause(5);
    }
    await Promise.all(results);
    return results.length;
  }

  stop(): void {
    this.#isStopped = true;
  }

  async #push(n: number): Promise<void> {
    const lane = `lane ${n % 100}`;
    const { result } = await this.#client.push(Note, { lane, n }, { lane });
    await result;
  }
}
