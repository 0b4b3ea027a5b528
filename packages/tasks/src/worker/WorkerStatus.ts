/** The statistics of a worker for one task. */
export interface TaskStatistics {
  /** The task's name. */
  readonly task: string;
  readonly weight: "light" | "heavy";
  /** Tasks whose handler runs now. */
  readonly running: number;
  /** Fetched tasks that have not started. */
  readonly taken: number;
  /** Successful tries since the start. */
  readonly done: number;
  /** Failed tries since the start. */
  readonly failed: number;
  /** Percentiles of the durations of the last 1,000 tries; undefined before the first. */
  readonly p50Ms: number | undefined;
  readonly p99Ms: number | undefined;
}

/** The status of a worker, as data that is safe to send or print. */
export interface WorkerStatus {
  /** The number of threads for heavy tasks. */
  readonly threads: number;
  /** How many light tasks run at a time. */
  readonly lightConcurrency: number;
  readonly tasks: readonly TaskStatistics[];
}
