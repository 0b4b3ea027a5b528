/** How a worker is doing with the tasks of a type: data. */
export interface TaskStatistics {
  /** The task's name. */
  readonly task: string;
  readonly weight: "light" | "heavy";
  /** Those whose handler runs now. */
  readonly running: number;
  /** Those that were taken, and have not begun. */
  readonly taken: number;
  /** Tries that ended well, and tries that did not, since the start. */
  readonly done: number;
  readonly failed: number;
  /** How long tries took, of the last 1,000; milliseconds. undefined before the first. */
  readonly p50Ms: number | undefined;
  readonly p99Ms: number | undefined;
}

/** How a worker is doing: data, safe to send or print. */
export interface WorkerStatus {
  /** How many threads it has for heavy tasks, and how many light tasks it does at a time. */
  readonly threads: number;
  readonly lightConcurrency: number;
  readonly tasks: readonly TaskStatistics[];
}
