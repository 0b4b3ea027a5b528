import { printTable } from "../output.ts";
import { inTimeUnits } from "./inTimeUnits.ts";

/** The depths of the queues of a type of tasks, as `TaskDepth`. */
interface Depth {
  readonly task: string;
  readonly waiting: number;
  readonly later: number;
  readonly running: number;
  readonly failed: number;
  readonly oldestMs?: number | undefined;
}

/** Prints the depths of queues, one type of tasks a line. */
export function printDepths(depths: readonly Depth[]): void {
  printTable([
    ["TASK", "WAITING", "LATER", "RUNNING", "FAILED", "OLDEST"],
    ...depths.map(({ task, waiting, later, running, failed, oldestMs }) => [
      task,
      ...[waiting, later, running, failed].map(String),
      oldestMs === undefined ? "-" : inTimeUnits(oldestMs),
    ]),
  ]);
}
