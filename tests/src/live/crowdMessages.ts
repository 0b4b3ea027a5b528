/** What a {@link Crowd} asks of its process. */
export type CrowdOrder =
  | { readonly ask: "open"; readonly members: CrowdMembers }
  | { readonly ask: "resumed" }
  | { readonly ask: "value"; readonly total: number }
  | { readonly ask: "fresh"; readonly since: number }
  | { readonly ask: "report" }
  | { readonly ask: "begin" };

/** Whom to connect. */
export interface CrowdMembers {
  /** Each member connects to the first; after a cut to the next. */
  readonly urls: readonly string[];
  readonly count: number;
  /** Canonical selectors; the members watch them in turn. */
  readonly selectors: readonly string[];
}

/** What the members have received since `begin`. */
export interface CrowdReport {
  readonly members: number;
  readonly live: number;
  readonly frames: number;
  /** How often members have told that they are there. */
  readonly beats: number;
  readonly snapshots: number;
  readonly deltas: number;
  readonly unchanged: number;
  /** Frames whose bytes were not those of the one that came before, to anybody. */
  readonly distinct: number;
  /** Deltas that did not follow on what a member had. */
  readonly gaps: number;
  /** Deltas and snapshots that a member had already. */
  readonly repeated: number;
  /** Times at which a row was older than what the member had. */
  readonly steppedBack: number;
  readonly largestFrame: number;
  /** From the commit to the socket; milliseconds. One sample for each change of each member. */
  readonly latency: { readonly count: number; readonly p50: number; readonly p99: number; readonly max: number };
  /** How long members were without a connection that was live; milliseconds, the longest. */
  readonly longestCut: number;
  readonly cuts: number;
  /** What there is at each position: more than one, if members at the same have different rows. */
  readonly states: readonly string[];
  readonly codes: Readonly<Record<string, number>>;
}
