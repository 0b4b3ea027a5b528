import { jobsPlugin } from "./jobsPlugin.ts";
import type { TaskSystem } from "./TaskSystem.ts";

/** A plugin that floods the queues, and one with few tasks. */
export const floodPlugins = { flood: "peek_plugin_flood", other: "peek_plugin_other" } as const;

/** Packages of {@link floodPlugins}. */
export function packFloodPlugins(): ReturnType<typeof jobsPlugin>[] {
  return Object.values(floodPlugins).map((name) => jobsPlugin({ name }));
}

/** The results. */
export interface FloodFigures {
  /** Milliseconds from the queuing of the other plugin's tasks to the last output. */
  readonly otherMs: number;
  /** The number of tasks of the flood that began meanwhile. */
  readonly begunMeanwhile: number;
  /** The number of remaining tasks of the flood. */
  readonly left: number;
}

/** A plugin queues many tasks; then another queues 10. */
export async function flood(system: TaskSystem, tasks: number): Promise<FloodFigures> {
  const worker = await system.startWorker({ config: { tasks: { lightConcurrency: 4 } } });
  const begun = async (): Promise<number> => (await worker.counts(floodPlugins.flood))["Brief"] ?? 0;
  await system.ask({ ask: "enqueueMany", task: "Brief", from: 0, count: tasks }, floodPlugins.flood);
  const before = await begun();
  const started = performance.now();
  await Promise.all(
    Array.from({ length: 10 }, (_, n) => system.ask({ ask: "run", task: "Brief", input: { n } }, floodPlugins.other)),
  );
  const otherMs = performance.now() - started;
  const after = await begun();
  return { otherMs, begunMeanwhile: after - before, left: tasks - after };
}
