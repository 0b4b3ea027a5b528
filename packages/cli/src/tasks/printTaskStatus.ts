import type { ObservedService } from "@peek/platform";
import { printTable } from "../output.ts";
import { inTimeUnits } from "./inTimeUnits.ts";
import { printDepths } from "./printDepths.ts";

/** Prints the depths of the queues, as one logic reports them (all have the same database), and the load of each worker. */
export function printTaskStatus(observed: readonly ObservedService[]): void {
  const queues = observed.map(({ status }) => status?.tasks?.queues ?? []).find(({ length }) => length > 0);
  if (queues !== undefined) {
    console.log("");
    printDepths(queues);
  }
  const rows = observed.flatMap(({ peer, status }) =>
    (status?.tasks?.worker?.tasks ?? []).map(({ task, weight, running, taken, done, failed, p50Ms, p99Ms }) => [
      peer.instance,
      task,
      weight,
      ...[running, taken, done, failed].map(String),
      ...[p50Ms, p99Ms].map((ms) => (ms === undefined ? "-" : inTimeUnits(ms))),
    ]),
  );
  if (rows.length === 0) return;
  console.log("");
  printTable([["WORKER", "TASK", "WEIGHT", "RUNNING", "TAKEN", "DONE", "FAILED", "P50", "P99"], ...rows]);
}
