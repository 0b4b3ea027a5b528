/** The context of a group of cases. */
export interface SuiteContext {
  /** A folder that is removed afterwards. */
  readonly temp: string;
  /** The number of times that each case is measured. */
  readonly runs: number;
  /** Fires when the user interrupts the bench. */
  readonly signal: AbortSignal;
}

/** Measures a group of cases; gives a heading and a table in markdown. */
export type Suite = (context: SuiteContext) => Promise<string>;

/** The result of one run of a case: numbers by metric. */
export type Sample<Metric extends string> = Readonly<Record<Metric, number>>;

/** A subject that is measured repeatedly. */
export interface Case<Metric extends string> {
  readonly title: string;
  /** Runs once, from a fresh process to its end. */
  run(): Promise<Sample<Metric>>;
}
