import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { Child } from "../Child.ts";
import { generatePeekHome } from "../generate/peekHome.ts";
import { serviceBin } from "../paths.ts";
import { roundRobin } from "../roundRobin.ts";
import { summarise } from "../statistics.ts";
import { BareServer, bareInitdb } from "../storage/BareServer.ts";
import { commandOfServer, type ServerCommand } from "../storage/ServerCommand.ts";
import type { Case, SuiteContext } from "../Suite.ts";
import { ratioOf, table, withSpread } from "../table.ts";
import { tutorialService } from "./processes.ts";

/** `ms`: from the start of the first process. */
type Metric = "ms";

/** Few, since each round takes many seconds. */
const mostRuns = 5;

const ready = /:Ready in \d+ ms, .*: 1 plugin started$/;
const noPlugins = /:Ready in \d+ ms/;

/** The start of the logic service with a database, compared with that of the database alone. */
export async function storageStart(context: SuiteContext): Promise<string> {
  const { temp, signal } = context;
  const runs = Math.min(context.runs, mostRuns);
  const tutorial = await tutorialService("logic", context);
  const without = join(temp, "without");
  await generatePeekHome(without, { logging: { level: "DEBUG" }, plugin: { enabled: [] } });
  const command = await firstServer(join(temp, "tutorial-logic"), () => new Child(tutorial));
  const bareDir = join(temp, "bare");
  await bareInitdb(command, bareDir, signal);
  const untilReady = async (child: Child, line = ready): Promise<{ readonly ms: number }> => {
    await using running = child;
    return { ms: (await running.line(line)).afterMs };
  };
  const cases = {
    node: { title: "`node -e 0`, until it has ended", run: () => runToExit(signal) },
    bareNew: {
      title: "`initdb`, and the server until it takes connections",
      run: () => inNewFolder(temp, (dir) => runBareNew(command, dir, signal)),
    },
    peekNew: {
      title: "**Peek, logic service**, no home (`--dev`): until the tutorial plugin is migrated and started",
      run: () =>
        inNewFolder(temp, (dir) =>
          untilReady(new Child({ args: [serviceBin("logic"), "--dev"], env: { PEEK_HOME: dir }, signal })),
        ),
    },
    bareOpen: {
      title: "the server on an existing database, until it takes connections",
      run: () => runBareOpen(command, bareDir, signal),
    },
    peekOpen: {
      title: "**Peek, logic service** on an existing database: until the tutorial plugin is started",
      run: () => untilReady(new Child(tutorial)),
    },
    peekWithout: {
      title: "the same without plugins, and so without the database",
      run: () => untilReady(new Child({ args: [serviceBin("logic")], env: { PEEK_HOME: without }, signal }), noPlugins),
    },
  } satisfies Record<string, Case<Metric>>;
  const measured = await roundRobin<Metric, Case<Metric>>("Storage, starts", Object.values(cases), runs);
  const of = (name: keyof typeof cases): readonly number[] =>
    measured.find((each) => each.case === cases[name])?.samples.map(({ ms }) => ms) ?? [];
  const row = (title: string, values: readonly number[], ...limits: readonly (readonly number[])[]) => [
    title,
    withSpread(summarise(values)),
    ...[0, 1].map((at) => {
      const limit = limits[at];
      return limit === undefined ? "" : ratioOf(summarise(combine(values, limit, (value, least) => value / least)));
    }),
  ];
  const withNode = (values: readonly number[]): readonly number[] => combine(values, of("node"), (a, b) => a + b);
  const difference = combine(of("peekOpen"), of("peekWithout"), (a, b) => a - b);
  return `## Storage: starts

Milliseconds, median (least–most) of ${runs} runs, and the median of the ratios of each round. The same programs of PostgreSQL, with the
same settings, all with \`fsync\`. The limit is PostgreSQL alone, the nearest such row above; "with Node" adds
the time of \`node -e 0\` to it.

${table(
  ["", "ms", "× limit", "× limit with Node"],
  [
    row(cases.node.title, of("node")),
    row(`${cases.bareNew.title} (the limit)`, of("bareNew"), of("bareNew")),
    row(cases.peekNew.title, of("peekNew"), of("bareNew"), withNode(of("bareNew"))),
    row(`${cases.bareOpen.title} (the limit)`, of("bareOpen"), of("bareOpen")),
    row(cases.peekOpen.title, of("peekOpen"), of("bareOpen"), withNode(of("bareOpen"))),
    row(cases.peekWithout.title, of("peekWithout")),
    row("what the database adds: the difference of the two", difference, of("bareOpen")),
  ],
)}`;
}

/** Runs the service for the first time, to make the database. @returns The command with which it has started its server. */
async function firstServer(peekHome: string, start: () => Child): Promise<ServerCommand> {
  await using child = start();
  await child.line(ready);
  return await commandOfServer(join(peekHome, "peek-logic-service.home", "postgresql"));
}

async function runBareNew(command: ServerCommand, dir: string, signal: AbortSignal): Promise<{ readonly ms: number }> {
  const began = performance.now();
  await bareInitdb(command, dir, signal);
  await using _server = await BareServer.start(command, dir, signal);
  return { ms: performance.now() - began };
}

async function runBareOpen(command: ServerCommand, dir: string, signal: AbortSignal): Promise<{ readonly ms: number }> {
  const began = performance.now();
  await using _server = await BareServer.start(command, dir, signal);
  return { ms: performance.now() - began };
}

async function runToExit(signal: AbortSignal): Promise<{ readonly ms: number }> {
  await using child = new Child({ args: ["-e", "0"], signal });
  return { ms: await child.exit() };
}

async function inNewFolder<T>(temp: string, work: (dir: string) => Promise<T>): Promise<T> {
  const dir = await mkdtemp(join(temp, "new-"));
  try {
    return await work(dir);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

function combine(
  some: readonly number[],
  others: readonly number[],
  how: (one: number, other: number) => number,
): readonly number[] {
  return some.map((value, round) => how(value, others[round] ?? Number.NaN));
}
