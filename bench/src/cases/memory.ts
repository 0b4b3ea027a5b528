import { Child, type Command } from "../Child.ts";
import { type Memory, settledMemory } from "../memoryOf.ts";
import { roundRobin } from "../roundRobin.ts";
import { summarise } from "../statistics.ts";
import type { Case, Suite } from "../Suite.ts";
import { ratio, table, withSpread } from "../table.ts";
import { idleProcess, peerProcess, tutorialService } from "./processes.ts";

type Metric = keyof Memory;

/** The memory of an idle process. */
export const memory: Suite = async (context) => {
  const { runs, signal } = context;
  const idleCase = (title: string, command: Command): Case<Metric> => ({
    title,
    run: async () => {
      await using child = new Child(command);
      await child.line(/Ready in /);
      return { ...(await settledMemory(child.pid, signal)) };
    },
  });
  const limit = idleCase("Node with a timer (the limit)", idleProcess(context));
  const cases = [
    limit,
    idleCase("**Peek, field service** with the tutorial plugin", await tutorialService("field", context)),
    idleCase(
      "**Peek, logic service** with the tutorial plugin and storage; without PostgreSQL's own processes",
      await tutorialService("logic", context),
    ),
    idleCase("Fastify server with one route", peerProcess("fastifyServer", context)),
    idleCase("NestJS application context with one empty module", peerProcess("nestjsContext", context)),
  ];
  const measured = await roundRobin<Metric, Case<Metric>>("Idle memory", cases, runs);
  const summaryOf = (each: Case<Metric>, metric: Metric) =>
    summarise(measured.find(({ case: other }) => other === each)?.samples.map((sample) => sample[metric]) ?? []);
  const rows = cases.map((each) => [
    each.title,
    ...(["rss", "pss"] as const).flatMap((metric) => {
      const summary = summaryOf(each, metric);
      return [withSpread(summary, 1), ratio(summary.median, summaryOf(limit, metric).median)];
    }),
  ]);
  return `## Idle memory

MiB, median (min–max) of ${runs} runs, once the memory is stable. RSS counts memory that processes share (most of Node itself)
whole, PSS in proportion to the number of processes.

${table(["", "RSS", "× limit", "PSS", "× limit"], rows)}`;
};
