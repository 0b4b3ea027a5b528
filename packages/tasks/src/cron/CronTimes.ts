import { type CronExpression, parseCron } from "./CronExpression.ts";
import { type OffsetChange, ZoneOffsets } from "./ZoneOffsets.ts";

const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;
/** How far to search for a time: longer than the longest gap between two leap days. */
const horizonDays = 9 * 366;
/** For how many dates the times are cached. */
const maxCachedDays = 6;

/**
 * The times of a cron expression in a time zone. When the clock is put forward, a skipped time of an expression that names hours comes
 * at the next existing minute; a skipped time of an interval is left out. When the clock is put back, a time of day comes at its first
 * occurrence; a time of an interval comes at each one.
 */
export class CronTimes {
  readonly #cron: CronExpression;
  readonly #zone: ZoneOffsets;
  /** Cached times, by the number of the local date. */
  readonly #days = new Map<number, readonly number[]>();

  /** @throws Error that names the problem of the expression or the time zone. */
  constructor(cron: string, tz: string) {
    this.#cron = parseCron(cron);
    try {
      this.#zone = new ZoneOffsets(tz);
    } catch (error) {
      throw new Error(`"${tz}" is not the IANA name of a time zone, such as Europe/Berlin`, { cause: error });
    }
  }

  /** The first time after a time, both in milliseconds since 1970, UTC; undefined when there is none. */
  after(time: number): number | undefined {
    const first = Math.floor(time / minuteMs) * minuteMs + minuteMs;
    // The clock may have been put back over midnight.
    const firstDay = this.#dayOf(first) - 1;
    let soonest: number | undefined;
    for (let day = firstDay; day <= firstDay + horizonDays; day += 1) {
      const wasFound = soonest !== undefined;
      for (const at of this.#timesOf(day)) if (at >= first && (soonest === undefined || at < soonest)) soonest = at;
      // After a change of the clock, a time of the next day may come before the last time of this day.
      if (wasFound) return soonest;
    }
    return soonest;
  }

  /** The last time after `from` and up to `to`; undefined when there is none. */
  lastBetween(from: number, to: number): number | undefined {
    const [firstDay, lastDay] = [this.#dayOf(from) - 1, this.#dayOf(to) + 1];
    let last: number | undefined;
    for (let day = lastDay; day >= Math.max(firstDay, lastDay - horizonDays); day -= 1) {
      const wasFound = last !== undefined;
      for (const at of this.#timesOf(day)) if (at > from && at <= to && (last === undefined || at > last)) last = at;
      if (wasFound) return last;
    }
    return last;
  }

  #dayOf(time: number): number {
    return Math.floor((time + this.#zone.offsetAt(time)) / dayMs);
  }

  /** @param day The number of the local date, from 1970-01-01. */
  #timesOf(day: number): readonly number[] {
    const { minutes, hours, months, hasDay } = this.#cron;
    const date = new Date(day * dayMs);
    if (!months.has(date.getUTCMonth() + 1) || !hasDay(date.getUTCDate(), date.getUTCDay())) return [];
    const known = this.#days.get(day);
    if (known !== undefined) return known;
    const changes = this.#zone.between((day - 1) * dayMs, (day + 2) * dayMs);
    const times = [...hours].flatMap((hour) =>
      [...minutes].flatMap((minute) => this.#instants(day * dayMs + (hour * 60 + minute) * minuteMs, changes)),
    );
    for (const oldest of this.#days.keys()) if (this.#days.size >= maxCachedDays) this.#days.delete(oldest);
    this.#days.set(day, times);
    return times;
  }

  /** The instants at which the local clock shows a time. */
  #instants(local: number, changes: readonly [OffsetChange, ...OffsetChange[]]): readonly number[] {
    const { namesHours, isFixed } = this.#cron;
    const found = changes.flatMap(({ at: begin, offset }, index) => {
      const instant = local - offset;
      const end = changes[index + 1]?.at ?? Infinity;
      return instant >= begin && instant < end ? [instant] : [];
    });
    if (found.length > 0) return isFixed ? found.slice(0, 1) : found;
    if (!namesHours) return [];
    const gap = changes.find(({ at, offset }) => local < at + offset);
    return gap === undefined ? [] : [gap.at];
  }
}
