import { mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import { Child } from "../Child.ts";
import { LiveServices } from "../live/LiveServices.ts";
import { ratioTable } from "../live/ratioTable.ts";
import { readFigures } from "../live/readFigures.ts";
import { limitScript, peerScript } from "../paths.ts";
import { roundRobin } from "../roundRobin.ts";
import { freePort } from "../rpc/freePort.ts";
import type { Case, Sample, Suite, SuiteContext } from "../Suite.ts";

/** Of the publishing process: deliveries per second, milliseconds until all have it, its own CPU for each, KiB for each subscriber. */
type Metric = "perSecond" | "roundMs" | "cpuMicros" | "settled" | "heap";

const counts = [1000, 5000] as const;
/** The published row: 1 KB. */
const published = { rows: 1, textLength: 1000 } as const;
/** The duration of the measurement, after half a second to warm up. */
const sliceMs = 2000;

const columns = [
  { metric: "perSecond", title: "deliveries/s" },
  { metric: "roundMs", title: "ms until all have it", digits: 1 },
  { metric: "cpuMicros", title: "CPU, µs each", digits: 2 },
  { metric: "settled", title: "KiB each", digits: 2 },
  { metric: "heap", title: "live objects, KiB each", digits: 2 },
] as const;

/** One update to many subscribers. */
export const liveFanout: Suite = async (context) => {
  const { runs } = context;
  const tables: string[] = [];
  for (const count of counts) {
    const cases: readonly Case<Metric>[] = [
      {
        title: "`ws`, one prepared frame (the limit)",
        run: () => runPublisher(limitScript("live/wsPublisher"), "ws", count, context),
      },
      {
        title: "**Peek**, logic and gateway in one process",
        run: () => runPublisher(limitScript("live/peekPublisher"), "peek", count, context),
      },
      { title: "**Peek**, logic and field services", run: () => runServices(count, context) },
      {
        title: "socket.io, a room",
        run: () => runPublisher(peerScript("live/socketIoPublisher"), "socketIo", count, context),
      },
    ];
    const measured = await roundRobin<Metric, Case<Metric>>(`Fan-out to ${count}`, cases, runs);
    tables.push(`${count} subscribers:\n\n${ratioTable(measured, columns)}`);
  }
  return `## Live data: fan-out

An update of 1 KB to all subscribers; when all have it, the next. The subscribers are one process, which counts messages and parses
as little as possible. CPU is that of the sending process; KiB is its growth per subscriber, after garbage collection
and without V8's young generation. Median (least–most) of ${runs} runs, and of the ratios of each run.

${tables.join("\n\n")}`;
};

async function runPublisher(
  script: string,
  dialect: string,
  count: number,
  { signal }: SuiteContext,
): Promise<Sample<Metric>> {
  const argument = { port: await freePort(), controlPort: await freePort(), count, ms: sliceMs, ...published };
  await using held = new AsyncDisposableStack();
  const server = held.use(new Child({ args: ["--expose-gc", script, JSON.stringify(argument)], signal }));
  const empty = await readMemory(server);
  await server.line(/^Ready in /);
  const clients = held.use(subscribers({ ...argument, dialect, pid: server.pid }, signal));
  // The first process that ends too early is reported: otherwise the bench would wait for the other.
  const [full] = await Promise.all([readMemory(server), clients.line(/^Ready in /)]);
  const [figures] = await Promise.all([
    readFigures(server, ["perSecond", "roundMs", "cpuMicros"]),
    readFigures(clients, ["cpuMicros"]),
  ]);
  return { ...figures, ...memoryEach(empty, full, count) };
}

async function runServices(count: number, { temp, signal }: SuiteContext): Promise<Sample<Metric>> {
  const controlPort = await freePort();
  const dir = await mkdtemp(join(temp, "fanout-"));
  await using services = await LiveServices.start({
    dir,
    signal,
    published: { count, controlPort, ms: sliceMs, ...published },
  });
  const { logic, field, port } = services;
  const empty = await askMemory(field);
  await using clients = subscribers({ port, controlPort, count, dialect: "peek", pid: field.pid }, signal);
  await clients.line(/^Ready in /);
  const memory = memoryEach(empty, await askMemory(field), count);
  // The service waits for that.
  process.kill(logic.pid, "SIGUSR2");
  const [figures, { cpuMicros }] = await Promise.all([
    readFigures(logic, ["perSecond", "roundMs"]),
    readFigures(clients, ["cpuMicros"]),
  ]);
  return { ...figures, cpuMicros, ...memory };
}

function subscribers(argument: Readonly<Record<string, unknown>>, signal: AbortSignal): Child {
  return new Child({ args: [limitScript("live/rawSubscribers"), JSON.stringify(argument)], signal });
}

type Memory = Sample<"settled" | "heap">;

function memoryEach(empty: Memory, full: Memory, count: number): Memory {
  const each = (metric: keyof Memory): number => (full[metric] - empty[metric]) / count / 1024;
  return { settled: each("settled"), heap: each("heap") };
}

async function askMemory(child: Child): Promise<Memory> {
  process.kill(child.pid, "SIGUSR2");
  return await readMemory(child);
}

async function readMemory(child: Child): Promise<Memory> {
  const { match } = await child.line(/^Memory .*"settled":(\d+),"heap":(\d+)/);
  return { settled: Number(match[1]), heap: Number(match[2]) };
}
