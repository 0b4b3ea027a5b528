import type { Measured } from "../roundRobin.ts";
import { summarise } from "../statistics.ts";
import type { Case } from "../Suite.ts";
import { ratioOf, table, withSpread } from "../table.ts";
import type { CallMetric } from "./callCase.ts";

const columns: readonly { readonly metric: CallMetric; readonly title: string }[] = [
  { metric: "perSecond", title: "calls/s, 64 in flight" },
  { metric: "p50", title: "p50, µs" },
  { metric: "p99", title: "p99, µs" },
];

/** The table of the cases' results; the first case is the limit. Ratios compare results of the same round. */
export function callTable(measured: readonly Measured<CallMetric, Case<CallMetric>>[]): string {
  const [limit] = measured;
  const rows = measured.map(({ case: { title }, samples }) => [
    title,
    ...columns.flatMap(({ metric }) => {
      const values = samples.map((sample) => sample[metric]);
      const ratios = values.map((value, round) => value / (limit?.samples[round]?.[metric] ?? Number.NaN));
      return [withSpread(summarise(values)), ratioOf(summarise(ratios))];
    }),
  ]);
  return table(["", ...columns.flatMap(({ title }) => [title, "× limit"])], rows);
}
