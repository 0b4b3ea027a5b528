import type { TaskStatistics } from "./WorkerStatus.ts";

/** How many of the latest durations are kept. */
const kept = 1000;

/** The durations and results of the tries of a task. */
export class AttemptStatistics {
  readonly #ms = new Float64Array(kept);
  #done = 0;
  #failed = 0;

  add(ms: number, isDone: boolean): void {
    this.#ms[(this.#done + this.#failed) % kept] = ms;
    if (isDone) this.#done += 1;
    else this.#failed += 1;
  }

  summary(): Pick<TaskStatistics, "done" | "failed" | "p50Ms" | "p99Ms"> {
    const known = this.#ms.slice(0, Math.min(kept, this.#done + this.#failed)).sort();
    const at = (share: number): number | undefined => known[Math.ceil(known.length * share) - 1];
    return { done: this.#done, failed: this.#failed, p50Ms: at(0.5), p99Ms: at(0.99) };
  }
}
