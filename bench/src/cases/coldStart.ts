import { mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import { Child, type Command } from "../Child.ts";
import { serviceBin } from "../paths.ts";
import { roundRobin } from "../roundRobin.ts";
import { summarise } from "../statistics.ts";
import type { Case, Suite, SuiteContext } from "../Suite.ts";
import { ratio, table, withSpread } from "../table.ts";
import { peerProcess, tutorialPlugin, tutorialService } from "./processes.ts";

/** `ms`: from the start of the process. */
type Metric = "ms";

/** The tutorial plugin's own line: its start() has run. */
const started = new RegExp(`${tutorialPlugin}\\._private\\.field\\.FieldEntryHook:Started$`);
const ready = /^Ready in /;

/** The time until a process is ready for use. */
export const coldStart: Suite = async (context) => {
  const limit: Case<Metric> = { title: "`node -e 0`, until it has ended (the limit)", run: () => runToExit(context) };
  const cases: readonly Case<Metric>[] = [
    limit,
    untilLine(
      "**Peek, field service**: until the tutorial plugin's `Started`",
      await tutorialService("field", context),
      started,
    ),
    { title: "the same, the very first start: no home, no compile cache (`--dev`)", run: () => runFirstStart(context) },
    untilLine("Fastify server with one route, until it listens", peerProcess("fastifyServer", context), ready),
    untilLine(
      "NestJS application context with one empty module, until it is ready",
      peerProcess("nestjsContext", context),
      ready,
    ),
  ];
  const measured = await roundRobin<Metric, Case<Metric>>("Cold start", cases, context.runs);
  const limitMedian = summarise(measured.find((each) => each.case === limit)?.samples.map(({ ms }) => ms) ?? []).median;
  const rows = measured.map(({ case: { title }, samples }) => {
    const summary = summarise(samples.map(({ ms }) => ms));
    return [title, withSpread(summary), ratio(summary.median, limitMedian)];
  });
  return `## Cold start

Milliseconds from the start of the process, median (min–max) of ${context.runs} runs. Second and later starts, unless the row says
otherwise.

${table(["", "ms", "× limit"], rows)}`;
};

function untilLine(title: string, command: Command, pattern: RegExp): Case<Metric> {
  const run = async (): Promise<{ readonly ms: number }> => {
    await using child = new Child(command);
    return { ms: (await child.line(pattern)).afterMs };
  };
  return { title, run };
}

async function runFirstStart({ temp, signal }: SuiteContext): Promise<{ readonly ms: number }> {
  const peekHome = await mkdtemp(join(temp, "first-"));
  await using child = new Child({ args: [serviceBin("field"), "--dev"], env: { PEEK_HOME: peekHome }, signal });
  return { ms: (await child.line(started)).afterMs };
}

async function runToExit({ signal }: SuiteContext): Promise<{ readonly ms: number }> {
  await using child = new Child({ args: ["-e", "0"], signal });
  return { ms: await child.exit() };
}
