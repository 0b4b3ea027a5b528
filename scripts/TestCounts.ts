/** How many tests of one package passed, failed and were skipped. */
export interface TestCounts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** Where a package's test run writes its counts, below the package's folder. Turbo keeps the file with the run's result. */
export const countsFile = ".test/counts.json";
