import { printTable } from "../output.ts";
import { inTimeUnits } from "./inTimeUnits.ts";

/** How full the queues of a type of tasks are, as `TaskDepth`. */
interface Depth {
  readonly task: string;
  readonly waiting: number;
  readonly later: number;
  readonly running: number;
  readonly failed: number;
  readonly oldestMs?: number | undefined;
}

/** Prints how full queues are, a type of tasks on each line. */
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
