import { Child } from "../Child.ts";
import { type RatioColumn, ratioTable } from "../live/ratioTable.ts";
import { readFigures } from "../live/readFigures.ts";
import { limitScript } from "../paths.ts";
import { roundRobin } from "../roundRobin.ts";
import { freePort } from "../rpc/freePort.ts";
import type { Case, Sample, Suite, SuiteContext } from "../Suite.ts";

/** For each change that a subscriber receives: bytes sent, CPU of the sender, CPU of the subscriber. */
type Metric = "bytes" | "cpuMicros" | "readMicros";

const shape = { rows: 1000, textLength: 80 } as const;
const count = 100;
/** The duration of the measurement, after half a second to warm up. */
const sliceMs = 2000;

const columns: readonly RatioColumn<Metric>[] = [
  { metric: "bytes", title: "bytes", ratioDigits: 4 },
  { metric: "cpuMicros", title: "CPU of the sender, µs", digits: 1 },
  { metric: "readMicros", title: "CPU of the subscriber, µs", digits: 1 },
];

/** A change of one row among many. */
export const liveDeltas: Suite = async (context) => {
  const { runs } = context;
  const cases: readonly Case<Metric>[] = [
    { title: "all rows again: `JSON`, one prepared frame of `ws`", run: () => runCase("ws", "whole", context) },
    { title: "**Peek**: provider, comparison, gateway, and its client", run: () => runCase("peek", "peek", context) },
  ];
  const measured = await roundRobin<Metric, Case<Metric>>("Deltas", cases, runs);
  return `## Live data: one row of ${shape.rows} changes

For each change that one of ${count} subscribers receives; a row is ${shape.textLength + 40} bytes of JSON. The sender's CPU includes the work that it does once
for all: loading and encoding the rows and (Peek) comparing them. Median (least–most) of ${runs} runs, and of the ratios of each run.

${ratioTable(measured, columns).replaceAll("× limit", "× all rows")}`;
};

async function runCase(publisher: string, subscribers: string, { signal }: SuiteContext): Promise<Sample<Metric>> {
  const argument = { port: await freePort(), controlPort: await freePort(), count, ms: sliceMs, whole: true, ...shape };
  await using held = new AsyncDisposableStack();
  const start = (script: string): Child => {
    const args = [limitScript(`live/${script}`), JSON.stringify(argument)];
    return held.use(new Child({ args, signal }));
  };
  const server = start(`${publisher}Publisher`);
  await server.line(/^Ready in /);
  const clients = start(`${subscribers}Subscribers`);
  const [sent, read] = await Promise.all([
    readFigures(server, ["cpuMicros"]),
    readFigures(clients, ["bytes", "readMicros"]),
  ]);
  return { ...sent, ...read };
}
