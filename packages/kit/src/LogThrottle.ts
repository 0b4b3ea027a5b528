const maxKinds = 1000;

/** Options of a {@link LogThrottle}. */
export interface LogThrottleOptions {
  /** Default: 60,000. */
  readonly intervalMs?: number;
  /** How many lines of one kind are written in an interval. Default: 1. */
  readonly maxLines?: number;
}

interface Interval {
  readonly startedAt: number;
  lines: number;
  suppressed: number;
}

/** Limits repeated log lines: by default one line of each kind a minute, with the number of suppressed ones. */
export class LogThrottle {
  readonly #intervalMs: number;
  readonly #maxLines: number;
  /** By kind, the one that started last at the end. */
  readonly #intervals = new Map<string, Interval>();

  constructor({ intervalMs = 60_000, maxLines = 1 }: LogThrottleOptions = {}) {
    this.#intervalMs = intervalMs;
    this.#maxLines = maxLines;
  }

  /**
   * Counts an occurrence.
   *
   * @param kind Occurrences of one kind share a limit. Of more than 1,000 kinds, the oldest are forgotten.
   * @returns A suffix for the line, such as ` (and 12 times more since the last such line)`, or an empty one; undefined when the line
   *   is to be suppressed.
   */
  count(kind: string): string | undefined {
    const now = performance.now();
    const current = this.#intervals.get(kind);
    if (current !== undefined && now - current.startedAt < this.#intervalMs) {
      if (current.lines >= this.#maxLines) {
        current.suppressed += 1;
        return undefined;
      }
      current.lines += 1;
      return "";
    }
    this.#intervals.delete(kind);
    this.#intervals.set(kind, { startedAt: now, lines: 1, suppressed: 0 });
    this.#forgetOldest();
    return current === undefined || current.suppressed === 0
      ? ""
      : ` (and ${current.suppressed} times more since the last such line)`;
  }

  /** Kinds may contain names of peers, of which there can be any number. */
  #forgetOldest(): void {
    if (this.#intervals.size <= maxKinds) return;
    for (const oldest of this.#intervals.keys()) {
      this.#intervals.delete(oldest);
      return;
    }
  }
}
