import { type RatioColumn, ratioTable } from "../live/ratioTable.ts";
import { roundRobin } from "../roundRobin.ts";
import type { Case, Sample, Suite } from "../Suite.ts";
import { busy, idle, producers, type QueuePeer } from "../tasks/QueuePeer.ts";
import { redisServerVersion } from "../tasks/RedisServer.ts";
import { heavy, latencyRounds, TaskBench, throughputCount } from "../tasks/TaskBench.ts";

/** Tasks: how quickly they are queued and done, and how soon. */
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
  /** Peek after the limit, the other peers after it. */
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

The embedded PostgreSQL as the logic service starts it: what was queued or done is on the disk when it is answered. ${
    redis === undefined
      ? "BullMQ is left out: there is no `redis-server` on this machine."
      : `BullMQ is on Redis ${redis} with \`appendfsync always\`.`
  } Peek is the built logic and worker services, each with four connections for tasks; of the others,
one process queues and one works, each with ten connections. The tasks have an input of a number, and do nothing but give it back. Median (least–most) of ${runs} runs, each on empty queues, and of the ratios of each run.

How quickly they are queued, while nobody does them:

${enqueued}

How quickly one process does them, of ${throughputCount} that were queued before it was started, from the first that counts (the
2001st) until it is recorded that the last one is done:

${done}

How long it takes from queuing one until its result is there, while all else rests; ${latencyRounds} rounds:

${soon}

${heavy.count} heavy ones, asked for at once, each using ${heavy.cpuMs} ms of the CPU of its thread, until all results are there:

${computed}`;
};
