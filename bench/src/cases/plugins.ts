import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Child, type Command } from "../Child.ts";
import { generatePeekHome } from "../generate/peekHome.ts";
import { generatePeekPlugins } from "../generate/peekPlugins.ts";
import { generatePeerPlugins, type PluginPeer } from "../generate/peerPlugins.ts";
import { limitScript, peerScript, serviceBin } from "../paths.ts";
import { roundRobin } from "../roundRobin.ts";
import { summarise } from "../statistics.ts";
import type { Case, Sample, SuiteContext } from "../Suite.ts";
import { ratio, table, withSpread } from "../table.ts";

/**
 * `own`: milliseconds from just before the search for the first plugin until all are started, measured by the platform itself.
 * `whole`: milliseconds from the start of the process until the same end.
 */
type Metric = "own" | "whole";

interface PluginCase extends Case<Metric> {
  readonly count: number;
}

const counts = [1, 100, 500, 1000];
const limitTitle = "bare `import()` loop (the limit)";
const peers: readonly (readonly [PluginPeer, string])[] = [
  ["nestjs", "NestJS"],
  ["backstage", "Backstage, bare backend-app-api"],
  ["backstageDefaults", "Backstage, `createBackend()` with its defaults"],
];

/** Loading and starting many plugins. */
export async function plugins(context: SuiteContext): Promise<string> {
  const cases = await Promise.all(counts.map((count) => casesOf(count, context)));
  const measured = await roundRobin<Metric, PluginCase>("Plugins", cases.flat(), context.runs);
  const rows = measured.map(({ case: { title, count }, samples }) => {
    const limit = measured.find((each) => each.case.count === count && each.case.title === limitTitle);
    const cells = (["own", "whole"] as const).map((metric) => {
      const summary = summarise(samples.map((sample) => sample[metric]));
      const limitMedian = summarise((limit?.samples ?? []).map((sample) => sample[metric])).median;
      return { summary, ratio: ratio(summary.median, limitMedian) };
    });
    const [own, whole] = cells;
    if (own === undefined || whole === undefined) throw new Error("Nothing was measured");
    return [
      String(count),
      title,
      withSpread(own.summary),
      (own.summary.median / count).toFixed(2),
      own.ratio,
      withSpread(whole.summary),
      whole.ratio,
    ];
  });
  return `## Loading and starting plugins

Milliseconds, median (min–max) of ${context.runs} runs. "plugins" is from just before the search for the first plugin until all are
started (for Peek its own line \`Ready in N ms\`, which counts from the opening of the home, so configuration and logging
are in it); "process" is the same end from the start of the process.

${table(["N", "", "plugins", "per plugin", "× limit", "process", "× limit"], rows, 2)}`;
}

async function casesOf(count: number, context: SuiteContext): Promise<readonly PluginCase[]> {
  const dir = join(context.temp, String(count));
  const generated = await generatePeekPlugins(join(dir, "software"), count);
  const peekHome = join(dir, "home");
  await generatePeekHome(peekHome, { plugin: { enabled: generated.names, softwarePath: generated.softwareDir } });
  const peek: PluginCase = { title: "**Peek, logic service**", count, run: () => runPeek(peekHome, count, context) };
  const sameFiles = (title: string, script: string, name: string): Promise<PluginCase> =>
    scriptCase({ title, script, count, files: generated.files, work: join(dir, name) }, context);
  const others = peers.map(async ([peer, title]) => {
    const work = join(dir, peer);
    const files = await generatePeerPlugins(peer, work, count);
    return scriptCase({ title, script: peerScript(peer), count, files, work, cwd: work }, context);
  });
  return [
    await sameFiles(limitTitle, limitScript("bareImport"), "bareImport"),
    await sameFiles("the same imports, all begun at once", limitScript("bareImportAtOnce"), "bareImportAtOnce"),
    peek,
    await sameFiles("avvio, the same files", peerScript("avvio"), "avvio"),
    ...(await Promise.all(others)),
  ];
}

async function runPeek(peekHome: string, count: number, { signal }: SuiteContext): Promise<Sample<Metric>> {
  await using child = new Child({ args: [serviceBin("logic")], env: { PEEK_HOME: peekHome }, signal });
  const { afterMs, match } = await child.line(/:Ready in (\d+) ms, .*: (\d+) plugins? started$/);
  if (Number(match[2]) !== count) throw new Error(`Peek started ${match[2]} of ${count} plugins`);
  return { own: Number(match[1]), whole: afterMs };
}

interface Script {
  readonly title: string;
  readonly script: string;
  readonly count: number;
  /** The modules to import. */
  readonly files: readonly string[];
  /** The path of its files, without their endings. */
  readonly work: string;
  readonly cwd?: string;
}

/** A script that imports the modules of a list, with a compile cache like Peek's. */
async function scriptCase(
  { title, script, count, files, work, cwd }: Script,
  context: SuiteContext,
): Promise<PluginCase> {
  const list = `${work}.json`;
  await writeFile(list, JSON.stringify(files));
  const command: Command = {
    args: [script, list],
    env: { NODE_COMPILE_CACHE: `${work}.cache` },
    signal: context.signal,
    ...(cwd === undefined ? {} : { cwd }),
  };
  const run = async (): Promise<Sample<Metric>> => {
    await using child = new Child(command);
    const { afterMs, match } = await child.line(/^Ready in ([\d.]+) ms$/);
    return { own: Number(match[1]), whole: afterMs };
  };
  return { title, count, run };
}
