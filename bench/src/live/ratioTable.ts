import type { Measured } from "../roundRobin.ts";
import { summarise } from "../statistics.ts";
import type { Case } from "../Suite.ts";
import { ratioOf, table, withSpread } from "../table.ts";

/** A column of a {@link ratioTable}. */
export interface RatioColumn<Metric extends string> {
  readonly metric: Metric;
  readonly title: string;
  readonly digits?: number;
  readonly ratioDigits?: number;
}

/** The table of the cases' results; the first case is the limit. Ratios compare results of the same round. */
export function ratioTable<Metric extends string>(
  measured: readonly Measured<Metric, Case<Metric>>[],
  columns: readonly RatioColumn<Metric>[],
): string {
  const [limit] = measured;
  const rows = measured.map(({ case: { title }, samples }) => [
    title,
    ...columns.flatMap(({ metric, digits = 0, ratioDigits }) => {
      const values = samples.map((sample) => sample[metric]);
      const ratios = values.map((value, round) => value / (limit?.samples[round]?.[metric] ?? Number.NaN));
      return [withSpread(summarise(values), digits), ratioOf(summarise(ratios), ratioDigits)];
    }),
  ]);
  return table(["", ...columns.flatMap(({ title }) => [title, "× limit"])], rows);
}
