/** The requests of a {@link SimulatedBrowsers} to its process. */
export type SimulatedBrowsersRequest =
  | { readonly ask: "open"; readonly members: SimulatedBrowsersOptions }
  | { readonly ask: "resumed" }
  | { readonly ask: "value"; readonly total: number }
  | { readonly ask: "fresh"; readonly since: number }
  | { readonly ask: "report" }
  | { readonly ask: "begin" };

/** The browsers to connect. */
export interface SimulatedBrowsersOptions {
  /** Each browser connects to the first; after a cut to the next. */
  readonly urls: readonly string[];
  readonly count: number;
  /** Canonical selectors, which are distributed over the browsers in rotation. */
  readonly selectors: readonly string[];
}

/** The messages that the browsers have received since `begin`. */
export interface SimulatedBrowsersReport {
  readonly members: number;
  readonly live: number;
  readonly frames: number;
  /** The number of heartbeats that browsers have sent. */
  readonly beats: number;
  readonly snapshots: number;
  readonly deltas: number;
  readonly unchanged: number;
  /** Frames whose bytes differ from those of the previous frame, over all browsers. */
  readonly distinct: number;
  /** Deltas that did not continue from a browser's position. */
  readonly gaps: number;
  /** Deltas and snapshots that a browser already had. */
  readonly repeated: number;
  /** The number of rows that were older than those of the browser. */
  readonly steppedBack: number;
  readonly largestFrame: number;
  /** Milliseconds from the commit to the socket: one sample for each change of each browser. */
  readonly latency: { readonly count: number; readonly p50: number; readonly p99: number; readonly max: number };
  /** The longest time in milliseconds in which a browser was not live. */
  readonly longestCut: number;
  readonly cuts: number;
  /** The rows at each position: more than one state if browsers at the same position differ. */
  readonly states: readonly string[];
  readonly codes: Readonly<Record<string, number>>;
}
