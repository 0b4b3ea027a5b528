/** What a group of cases works with. */
export interface SuiteContext {
  /** A folder that is removed afterwards. */
  readonly temp: string;
  /** How often each case is measured. */
  readonly runs: number;
  /** Fires when the user wants no more. */
  readonly signal: AbortSignal;
}

/** Measures a group of cases; gives a heading and a table in markdown. */
export type Suite = (context: SuiteContext) => Promise<string>;

/** What one run of a case gave: numbers by what they are. */
export type Sample<Metric extends string> = Readonly<Record<Metric, number>>;

/** Something that is measured, again and again. */
export interface Case<Metric extends string> {
  readonly title: string;
  /** Once, from a fresh process to its end. */
  run(): Promise<Sample<Metric>>;
}
