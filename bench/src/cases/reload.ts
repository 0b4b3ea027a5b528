import { dirname, join } from "node:path";
import { Child } from "../Child.ts";
import { generatePeekHome } from "../generate/peekHome.ts";
import { generatePeekPlugins } from "../generate/peekPlugins.ts";
import { readFigures } from "../live/readFigures.ts";
import { limitScript, serviceBin } from "../paths.ts";
import { roundRobin } from "../roundRobin.ts";
import { summarise } from "../statistics.ts";
import type { Case, Sample, Suite, SuiteContext } from "../Suite.ts";
import { ratio, table, withSpread } from "../table.ts";

/**
 * `p50`, `p99`: milliseconds of one reload, or of the restart. `blocked`: the longest time for which the event loop did nothing else.
 * `heapKiB`, `rssKiB`: what each reload leaves in memory.
 */
type Metric = "p50" | "p99" | "blocked" | "heapKiB" | "rssKiB";

interface ReloadCase extends Case<Metric> {
  readonly count: number;
  readonly isRestart: boolean;
}

const metrics = ["p50", "p99", "blocked", "heapKiB", "rssKiB"] as const;
const reloads = 200;
const ready = /:Ready in /;

/** Reloading one plugin of a running service, beside a restart of the service. */
export const reload: Suite = async (context) => {
  const cases = await Promise.all(
    [
      [1, 0],
      [100, 0],
      [100, 10],
      [500, 0],
    ].map(([count = 1, dependants = 0]) => casesOf(count, dependants, context)),
  );
  const measured = await roundRobin<Metric, ReloadCase>("Reload", cases.flat(), context.runs);
  const rows = measured.map(({ case: { title, count, isRestart }, samples }) => {
    const restart = measured.find((each) => each.case.count === count && each.case.isRestart);
    const of = (metric: Metric) => summarise(samples.map((sample) => sample[metric]));
    const whole = summarise((restart?.samples ?? []).map(({ p50 }) => p50)).median;
    const others = metrics.slice(1).map((metric) => (isRestart ? "-" : withSpread(of(metric), 1)));
    return [String(count), title, withSpread(of("p50"), 1), ratio(of("p50").median, whole), ...others];
  });
  const heads = ["N", "", "ms", "× restart", "p99, ms", "longest block, ms", "heap KiB", "RSS KiB"];
  return `## Reloading a plugin

A logic service with N plugins that do nearly nothing. Each reload runs another version of one plugin's module, without the time for which the
new generation is watched. The block is the longest time for which the event loop did nothing else: a call of another plugin waits at most so long. Heap and RSS are what
each of ${reloads} reloads leaves. A restart is from SIGTERM until the service is ready again. Median (min–max) of ${context.runs} runs.

${table(heads, rows, 2)}`;
};

async function casesOf(count: number, dependants: number, context: SuiteContext): Promise<readonly ReloadCase[]> {
  const dir = join(context.temp, `${count}-${dependants}`);
  const { softwareDir, names, files } = await generatePeekPlugins(join(dir, "software"), count, dependants);
  const peekHome = join(dir, "home");
  await generatePeekHome(peekHome, { plugin: { enabled: names, softwarePath: softwareDir } });
  const serviceDir = dirname(dirname(serviceBin("logic")));
  const argument = JSON.stringify({ peekHome, serviceDir, plugin: names[0], file: files[0], reloads });
  const { signal } = context;
  const measure = async (): Promise<Sample<Metric>> => {
    const args = ["--expose-gc", limitScript(join("reload", "measureReloads")), argument];
    await using child = new Child({ args, signal });
    return await readFigures(child, metrics);
  };
  const title = `**reload**${dependants === 0 ? "" : `, with ${dependants} dependants`}`;
  const reloading = { title, count, isRestart: false, run: measure };
  if (dependants > 0) return [reloading];
  return [reloading, { title: "restart", count, isRestart: true, run: () => restart(peekHome, signal) }];
}

async function restart(peekHome: string, signal: AbortSignal): Promise<Sample<Metric>> {
  const command = { args: [serviceBin("logic")], env: { PEEK_HOME: peekHome }, signal };
  const first = new Child(command);
  await first.line(ready);
  const began = performance.now();
  await first[Symbol.asyncDispose]();
  await using second = new Child(command);
  await second.line(ready);
  const ms = performance.now() - began;
  return { p50: ms, p99: ms, blocked: ms, heapKiB: 0, rssKiB: 0 };
}
