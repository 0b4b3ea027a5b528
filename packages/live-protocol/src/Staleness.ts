/** Since when and why data is not known to be current. */
export interface Staleness {
  /** When the data was last known to be current, in milliseconds of the holder's monotonic clock. */
  readonly at: number;
  /** The reason, for people. */
  readonly reason: string;
}

/** The staleness that began first, if there is any. */
export function earlierStaleness(one: Staleness | undefined, other: Staleness | undefined): Staleness | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return one.at <= other.at ? one : other;
}
