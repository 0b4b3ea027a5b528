/** Since when, and why, something is not known to be current. */
export interface Staleness {
  /** When it was known to be the last time; by a clock of whoever has this, which only goes forward. */
  readonly at: number;
  /** For people. */
  readonly reason: string;
}

/** What holds where both hold: the one that began first, where there is one. */
export function earlier(one: Staleness | undefined, other: Staleness | undefined): Staleness | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return one.at <= other.at ? one : other;
}
