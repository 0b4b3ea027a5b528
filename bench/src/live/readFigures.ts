import type { Sample } from "../Suite.ts";
import type { Child } from "../Child.ts";

/** Waits until a process prints its figures: `Measured {…}`. */
export async function readFigures<Metric extends string>(
  child: Child,
  metrics: readonly Metric[],
): Promise<Sample<Metric>> {
  const json = (await child.line(/Measured (\{.*)/)).match[1] ?? "";
  const data: unknown = JSON.parse(json);
  const read = (metric: Metric): number => {
    const value: unknown = typeof data === "object" && data !== null ? Reflect.get(data, metric) : undefined;
    if (typeof value !== "number") throw new Error(`A process printed no ${metric}: ${json}`);
    return value;
  };
  const entries = metrics.map((metric) => [metric, read(metric)]);
  return Object.fromEntries(entries) as Sample<Metric>;
}
