/** The start of a period in which a time zone has one offset. */
export interface OffsetChange {
  /** Milliseconds since 1970, UTC; -Infinity: before the requested range. */
  readonly at: number;
  /** How many milliseconds local time is ahead of UTC. */
  readonly offset: number;
}

const minuteMs = 60_000;
/** Within this time, the offset of a zone changes at most once. */
const stepMs = 12 * 60 * minuteMs;

/** The offsets of a time zone from UTC. */
export class ZoneOffsets {
  readonly #format: Intl.DateTimeFormat;

  /** @throws RangeError for an unknown time zone. */
  constructor(tz: string) {
    this.#format = new Intl.DateTimeFormat("en-US", {
      timeZone: tz,
      hourCycle: "h23",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
      second: "numeric",
    });
  }

  /** @param at Milliseconds since 1970, UTC. @returns Milliseconds, whole minutes. */
  offsetAt(at: number): number {
    const parts = new Map(this.#format.formatToParts(at).map(({ type, value }) => [type, Number(value)]));
    const part = (type: Intl.DateTimeFormatPartTypes): number => parts.get(type) ?? 0;
    const local = Date.UTC(part("year"), part("month") - 1, part("day"), part("hour"), part("minute"), part("second"));
    return Math.round((local - Math.floor(at / 1000) * 1000) / minuteMs) * minuteMs;
  }

  /** The offsets in a range of time, with the minute in which each begins. */
  between(from: number, to: number): readonly [OffsetChange, ...OffsetChange[]] {
    const changes: [OffsetChange, ...OffsetChange[]] = [{ at: -Infinity, offset: this.offsetAt(from) }];
    let offset = changes[0].offset;
    for (let at = from; at < to; at += stepMs) {
      const later = Math.min(at + stepMs, to);
      const next = this.offsetAt(later);
      if (next === offset) continue;
      changes.push({ at: this.#begin(at, later, next), offset: next });
      offset = next;
    }
    return changes;
  }

  /** The minute in which an offset begins that applies at the end of the range, but not at its beginning; by binary search. */
  #begin(from: number, to: number, offset: number): number {
    let [before, after] = [Math.floor(from / minuteMs), Math.ceil(to / minuteMs)];
    while (after - before > 1) {
      const middle = Math.floor((before + after) / 2);
      if (this.offsetAt(middle * minuteMs) === offset) after = middle;
      else before = middle;
    }
    return after * minuteMs;
  }
}
