import { mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { Child } from "../Child.ts";
import { limitScript } from "../paths.ts";
import { roundRobin } from "../roundRobin.ts";
import { freePort } from "../rpc/freePort.ts";
import { summarise } from "../statistics.ts";
import type { Case, Sample, Suite, SuiteContext } from "../Suite.ts";
import { ratioOf, table, withSpread } from "../table.ts";

/** The growth of the server's process since it had no connections, in KiB per connection. */
type MemoryMetric = "rss" | "settled" | "heap";

/** Seconds since the end of the data exchange, or since its next start. */
type ReturnMetric = "seconds";

const idleCount = 5000;
const returningCount = 1000;
/** The number of processes that the clients share. */
const clientProcesses = 2;
/** Long enough for the backoff of all clients to reach its maximum. */
const longAbsenceMs = 10_000;

const memoryMetrics = ["rss", "settled", "heap"] as const;

/** The cost of many connections, and the time until all have reconnected. */
export const connections: Suite = async (context) => {
  const { runs } = context;
  const idle = await roundRobin<MemoryMetric, Case<MemoryMetric>>(
    "Idle connections",
    [
      { title: "bare `ws` server (the limit)", run: () => runIdle("ws", context) },
      { title: "**Peek**, logic's data exchange", run: () => runIdle("peek", context) },
    ],
    runs,
  );
  const returns = await roundRobin<ReturnMetric, Case<ReturnMetric>>(
    "Coming back",
    [
      { title: "logic is started again at once: from its end", run: () => runReturn(0, context) },
      {
        title: `logic is away for ${longAbsenceMs / 1000} s: from its start`,
        run: () => runReturn(longAbsenceMs, context),
      },
    ],
    runs,
  );
  const memoryRows = idle.map(({ case: { title }, samples }) => [
    title,
    ...memoryMetrics.flatMap((metric) => {
      const values = samples.map((sample) => sample[metric]);
      const ratios = values.map((value, round) => value / (idle[0]?.samples[round]?.[metric] ?? Number.NaN));
      return [withSpread(summarise(values), 2), ratioOf(summarise(ratios))];
    }),
  ]);
  const returnRows = returns.map(({ case: { title }, samples }) => [
    title,
    withSpread(summarise(samples.map(({ seconds }) => seconds)), 2),
  ]);
  return `## Connections

KiB for each of ${idleCount} idle connections: the growth of the server's process since it had none, after garbage collection.
V8's young generation is empty then and keeps its largest size, a few dozen MiB at most, for any number of connections.
Median (least–most) of ${runs} runs, and of the ratios of each run.

${table(["", "RSS", "× limit", "without the young generation", "× limit", "live objects", "× limit"], memoryRows)}

${returningCount} agents in ${clientProcesses} processes reconnect; seconds until all are connected, median (least–most) of ${runs} runs.

${table(["", "s"], returnRows)}`;
};

async function runIdle(kind: "ws" | "peek", { temp, signal }: SuiteContext): Promise<Sample<MemoryMetric>> {
  const argument = { peekHome: await mkdtemp(join(temp, "idle-")), port: await freePort() };
  await using held = new AsyncDisposableStack();
  const start = (name: string, count: number, options: readonly string[] = []): Child => {
    const script = limitScript(`connections/${kind}${name}`);
    const args = [...options, script, JSON.stringify({ ...argument, count })];
    return held.use(new Child({ args, signal }));
  };
  const server = start("Server", idleCount, ["--expose-gc"]);
  const empty = await readMemory(server);
  await server.line(/^Ready in /);
  // One after the other: concurrent calls would leave more memory with the data exchange.
  for (let each = 0; each < clientProcesses; each += 1) {
    await start("Clients", idleCount / clientProcesses).line(/^Ready in /);
  }
  const full = await readMemory(server);
  const each = (metric: MemoryMetric): number => (full[metric] - empty[metric]) / idleCount / 1024;
  return { rss: each("rss"), settled: each("settled"), heap: each("heap") };
}

async function readMemory(server: Child): Promise<Sample<MemoryMetric>> {
  const { match } = await server.line(/^Memory .*"rss":(\d+),"settled":(\d+),"heap":(\d+)/);
  return { rss: Number(match[1]), settled: Number(match[2]), heap: Number(match[3]) };
}

async function runReturn(absenceMs: number, { temp, signal }: SuiteContext): Promise<Sample<ReturnMetric>> {
  const argument = { peekHome: await mkdtemp(join(temp, "return-")), port: await freePort() };
  await using held = new AsyncDisposableStack();
  const start = (name: string, count?: number): Child => {
    const args = [limitScript(`connections/peek${name}`), JSON.stringify({ ...argument, count })];
    return held.use(new Child({ args, signal }));
  };
  const server = start("Server");
  await server.line(/^Ready in /);
  const clients = Array.from({ length: clientProcesses }, () => start("Clients", returningCount / clientProcesses));
  for (const client of clients) await client.line(/^Ready in /);
  const ended = performance.now();
  await server[Symbol.asyncDispose]();
  if (absenceMs > 0) await setTimeout(absenceMs, undefined, { signal });
  const began = absenceMs > 0 ? performance.now() : ended;
  start("Server");
  await Promise.all(clients.map((client) => client.line(/^All connected/)));
  return { seconds: (performance.now() - began) / 1000 };
}
