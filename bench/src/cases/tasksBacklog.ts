import { ratioTable } from "../live/ratioTable.ts";
import { roundRobin } from "../roundRobin.ts";
import type { Case, Suite } from "../Suite.ts";
import { busy } from "../tasks/QueuePeer.ts";
import { TaskBench, throughputCount, type ThroughputMetric } from "../tasks/TaskBench.ts";

const backlog = 1_000_000;

/** The throughput of a worker with a very long queue. */
export const tasksBacklog: Suite = async (context) => {
  const { runs } = context;
  await using bench = await TaskBench.open(context);
  const tables: string[] = [];
  const contenders = [
    { title: "**Peek**, a worker", run: (queued: number) => bench.throughputOfPeek(queued) },
    { title: busy.pgBoss.title, run: (queued: number) => bench.throughputOfPeer(busy.pgBoss, queued) },
  ];
  for (const { title, run } of contenders) {
    const cases = [throughputCount, backlog].map((queued): Case<ThroughputMetric> => ({
      title: `${queued} queued`,
      run: () => run(queued),
    }));
    const measured = await roundRobin<ThroughputMetric, Case<ThroughputMetric>>(`${title}, backlog`, cases, runs);
    const columns = [
      { metric: "perSecond", title: "tasks/s" },
      { metric: "mebibytes", title: "MiB of the worker" },
    ] as const;
    tables.push(`${title}:\n\n${ratioTable(measured, columns)}`);
  }
  return `## Tasks: a long queue

As above, of so many that wait the first ${throughputCount}. Median (least–most) of ${runs} runs, and of the ratios of each run.

${tables.join("\n\n")}`;
};
