import { type RatioColumn, ratioTable } from "../live/ratioTable.ts";
import { roundRobin } from "../roundRobin.ts";
import type { Case, Sample, Suite } from "../Suite.ts";
import { busy, idle, producers, type QueuePeer } from "../tasks/QueuePeer.ts";
import { redisServerVersion } from "../tasks/RedisServer.ts";
import { heavy, latencyRounds, TaskBench, throughputCount } from "../tasks/TaskBench.ts";

/** Tasks: the throughput of queuing and executing, and the latency. */
export const tasks: Suite = async (context) => {
  const { runs } = context;
  const redis = await redisServerVersion();
  await using bench = await TaskBench.open(context);
  const peers = (among: Readonly<Record<string, QueuePeer>>): readonly QueuePeer[] =>
    Object.values(among).filter(({ store }) => store === "postgresql" || redis !== undefined);
  const table = async <Metric extends string>(
    name: string,
    cases: readonly Case<Metric>[],
    columns: readonly RatioColumn<Metric>[],
  ): Promise<string> => ratioTable(await roundRobin<Metric, Case<Metric>>(name, cases, runs), columns);
  /** The limit first, then Peek, then the other peers. */
  const beside = <Metric extends string>(
    among: Readonly<Record<string, QueuePeer>>,
    ofPeer: (peer: QueuePeer) => Promise<Sample<Metric>>,
    peek: Case<Metric>,
  ): readonly Case<Metric>[] => {
    const [limit, ...others] = peers(among).map((peer) => ({ title: peer.title, run: () => ofPeer(peer) }));
    return limit === undefined ? [peek] : [limit, peek, ...others];
  };

  const enqueued = await table(
    "Tasks, queued",
    beside(producers, (peer) => bench.enqueueOfPeer(peer), {
      title: "**Peek**, `enqueue` and `enqueueAll` on logic",
      run: () => bench.enqueueOfPeek(),
    }),
    [
      { metric: "single", title: "one by one, tasks/s" },
      { metric: "ten", title: "ten at a time, tasks/s" },
      { metric: "batched", title: "500 by one call, tasks/s" },
    ],
  );
  const done = await table(
    "Tasks, done",
    beside(busy, (peer) => bench.throughputOfPeer(peer), {
      title: "**Peek**, a worker",
      run: () => bench.throughputOfPeek(),
    }),
    [{ metric: "perSecond", title: "tasks/s" }],
  );
  const soon = await table(
    "Tasks, waited for",
    beside(idle, (peer) => bench.latencyOfPeer(peer), {
      title: "**Peek**, `run` on logic, a worker",
      run: () => bench.latencyOfPeek(),
    }),
    [
      { metric: "p50", title: "p50, ms", digits: 2 },
      { metric: "p99", title: "p99, ms", digits: 2 },
    ],
  );
  const computed = await table(
    "Tasks, heavy",
    [
      { title: "bare piscina (the limit)", run: () => bench.heavyOfPiscina() },
      { title: "**Peek**, `run` on logic, a worker", run: () => bench.heavyOfPeek() },
    ],
    [{ metric: "perSecond", title: "tasks/s", digits: 1 }],
  );
  return `## Tasks

The embedded PostgreSQL with the logic service's settings: each commit is on the disk when it is answered. ${
    redis === undefined
      ? "BullMQ is omitted: `redis-server` is not installed."
      : `BullMQ is on Redis ${redis} with \`appendfsync always\`.`
  } Peek is the built logic and worker services, each with four connections for tasks; of the others,
one process queues and one works, each with ten connections. The input of a task is a number, which it returns. Median (least–most) of ${runs} runs, each on empty queues, and of the ratios of each run.

Queuing, without a worker:

${enqueued}

Executing, by one process, of ${throughputCount} tasks that were queued before its start, from the first counted one (the
2001st) until the last one is recorded:

${done}

From queuing one task until its result arrives, without other load; ${latencyRounds} rounds:

${soon}

${heavy.count} heavy tasks, queued at once, each using ${heavy.cpuMs} ms of the CPU of its thread, until all results have arrived:

${computed}`;
};
