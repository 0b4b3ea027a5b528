import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseCron } from "../../src/cron/CronExpression.ts";
import { CronTimes } from "../../src/cron/CronTimes.ts";

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

/** The next times in local time, with the offset from UTC. */
function next(cron: string, tz: string, after: string, count: number): readonly string[] {
  const times = new CronTimes(cron, tz);
  const format = new Intl.DateTimeFormat("sv-SE", {
    ...{ timeZone: tz, dateStyle: "short", timeStyle: "short" },
  });
  const found: string[] = [];
  let at: number | undefined = Date.parse(after);
  while (found.length < count && (at = times.after(at)) !== undefined) {
    const local = format.format(at);
    const ahead = (Date.parse(`${local.replace(" ", "T")}:00Z`) - at) / hourMs;
    found.push(`${local} ${ahead >= 0 ? "+" : ""}${ahead}`);
  }
  return found;
}

describe("a cron expression", () => {
  it.each([
    ["0 6 * * 1-5", "2026-01-02T06:00:00Z", ["2026-01-05 06:00 +0", "2026-01-06 06:00 +0"]],
    ["0 6 * * mon-FRI", "2026-01-02T06:00:00Z", ["2026-01-05 06:00 +0"]],
    ["0 0 * * mon-sun", "2026-01-02T06:00:00Z", ["2026-01-03 00:00 +0", "2026-01-04 00:00 +0", "2026-01-05 00:00 +0"]],
    ["0 0 * * 7", "2026-01-02T06:00:00Z", ["2026-01-04 00:00 +0"]],
    ["*/25 * * * *", "2026-01-02T06:30:00Z", ["2026-01-02 06:50 +0", "2026-01-02 07:00 +0", "2026-01-02 07:25 +0"]],
    [
      "10-20/5,40 1 * * *",
      "2026-01-02T01:10:59Z",
      ["2026-01-02 01:15 +0", "2026-01-02 01:20 +0", "2026-01-02 01:40 +0"],
    ],
    ["0 0 29 2 *", "2096-03-01T00:00:00Z", ["2104-02-29 00:00 +0"]],
    [
      "0 0 13 jan,jul fri",
      "2026-01-03T00:00:00Z",
      ["2026-01-09 00:00 +0", "2026-01-13 00:00 +0", "2026-01-16 00:00 +0"],
    ],
    ["0 0 */2 * 1", "2026-01-03T00:00:00Z", ["2026-01-05 00:00 +0", "2026-01-19 00:00 +0"]],
    ["0 0 31 2 *", "2026-01-03T00:00:00Z", []],
  ])("%s is due after %s at %s", (cron, after, expected) => {
    expect(next(cron, "UTC", after, Math.max(1, expected.length))).toEqual(expected);
  });

  it.each([
    ["* * * *", "is not a cron expression of five fields"],
    ["0 * * * * *", "is not a cron expression of five fields"],
    ["@daily", "is not a cron expression of five fields"],
    ["", "is not a cron expression of five fields"],
    ["60 * * * *", 'the minute is "60": "60" is not a value from 0 to 59, a range of such values, or *'],
    ["0 24 * * *", 'the hour is "24"'],
    ["0 0 0 * *", 'the day of the month is "0"'],
    ["0 0 * 13 *", "is not a value from 1 to 12, or from jan to dec"],
    ["0 0 * * 8", "is not a value from 0 to 7, or from sun to sat"],
    ["H * * * *", 'the minute is "H"'],
    ["R 0 * * *", 'the minute is "R"'],
    ["? 0 * * *", 'the minute is "?"'],
    ["0 0 L * *", 'the day of the month is "L"'],
    ["0 0 * * 5#2", 'the day of the week is "5#2"'],
    ["0 0 * * fri-mon", "ends before it begins"],
    ["30-10 * * * *", "ends before it begins"],
    ["5/10 * * * *", "5/10 has a step without a range. Write 5-59/10"],
    ["*/0 * * * *", "the step of */0 is not from 1 to 59"],
    ["*/60 * * * *", "the step of */60 is not from 1 to 59"],
    ["-5 * * * *", 'the minute is "-5"'],
    ["1,,2 * * * *", 'the minute is "1,,2"'],
    ["1.5 * * * *", 'the minute is "1.5"'],
  ])("%j is refused: %s", (cron, why) => {
    expect(() => parseCron(cron)).toThrow(why);
  });

  it("is refused with an unknown time zone", () => {
    expect(() => new CronTimes("* * * * *", "Europe/Atlantis")).toThrow(
      '"Europe/Atlantis" is not the IANA name of a time zone',
    );
  });
});

describe("a cron expression when the clock is put forward or back", () => {
  it.each([
    // 02:15 is skipped: the clock is put forward by half an hour.
    ["15 2 * * *", "Australia/Lord_Howe", "2026-10-02T18:00:00Z", ["2026-10-04 02:30 +11", "2026-10-05 02:15 +11"]],
    ["45 1 * * *", "Australia/Lord_Howe", "2026-04-03T20:00:00Z", ["2026-04-05 01:45 +11", "2026-04-06 01:45 +10.5"]],
    ["30 2 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z", ["2026-03-29 03:00 +2", "2026-03-30 02:30 +2"]],
    ["0,30 2 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z", ["2026-03-29 03:00 +2", "2026-03-30 02:00 +2"]],
    ["*/20 2 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z", ["2026-03-29 03:00 +2", "2026-03-30 02:00 +2"]],
    ["30 * * * *", "Europe/Berlin", "2026-03-29T00:00:00Z", ["2026-03-29 01:30 +1", "2026-03-29 03:30 +2"]],
    ["30 2 * * *", "Europe/Berlin", "2026-10-24T12:00:00Z", ["2026-10-25 02:30 +2", "2026-10-26 02:30 +1"]],
    ["30 * * * *", "Europe/Berlin", "2026-10-24T23:59:00Z", ["2026-10-25 02:30 +2", "2026-10-25 02:30 +1"]],
    [
      "*/30 2 * * *",
      "Europe/Berlin",
      "2026-10-24T23:59:00Z",
      [...["2026-10-25 02:00 +2", "2026-10-25 02:30 +2", "2026-10-25 02:00 +1", "2026-10-25 02:30 +1"]],
    ],
    ["0 0 * * *", "America/Santiago", "2026-09-05T12:00:00Z", ["2026-09-06 01:00 -3", "2026-09-07 00:00 -3"]],
  ])("%s in %s after %s is due at the right times", (cron, tz, after, expected) => {
    expect(next(cron, tz, after, expected.length)).toEqual(expected);
  });
});

/** A change of the offset of a zone. */
interface Change {
  readonly tz: string;
  readonly at: number;
  /** The offsets before and after the change, in milliseconds. */
  readonly before: number;
  readonly after: number;
}

/** All changes of offsets from 2020 to 2037, without duplicates of zones with the same rules. */
function findChanges(): readonly Change[] {
  const changes = new Map<string, Change>();
  for (const tz of Intl.supportedValuesOf("timeZone")) {
    const format = new Intl.DateTimeFormat("en-US", { timeZone: tz, timeZoneName: "longOffset", year: "numeric" });
    const offsetAt = (at: number): number => {
      const [, sign, hours, minutes] = /GMT([+-])(\d\d):(\d\d)/.exec(format.format(at)) ?? [];
      return (sign === "-" ? -1 : 1) * (Number(hours ?? 0) * hourMs + Number(minutes ?? 0) * minuteMs);
    };
    let from = Date.UTC(2020, 0, 1);
    let before = offsetAt(from);
    for (; from < Date.UTC(2038, 0, 1); from += 10 * dayMs) {
      const after = offsetAt(from + 10 * dayMs);
      if (after === before) continue;
      let [low, high] = [from / minuteMs, (from + 10 * dayMs) / minuteMs];
      while (high - low > 1) {
        const middle = Math.floor((low + high) / 2);
        if (offsetAt(middle * minuteMs) === before) low = middle;
        else high = middle;
      }
      const at = high * minuteMs;
      changes.set(`${at} ${before} ${after}`, { tz, at, before, after });
      before = after;
    }
  }
  return [...changes.values()];
}

/** The times of an expression in a range, found minute by minute: the specification for changes of the clock. */
function expected(cron: string, { at, before, after }: Change, from: number, to: number): readonly number[] {
  const { minutes, hours, months, hasDay, isFixed, namesHours } = parseCron(cron);
  const names = (local: number): boolean => {
    const date = new Date(local);
    const [month, day, weekday] = [date.getUTCMonth() + 1, date.getUTCDate(), date.getUTCDay()];
    return (
      minutes.has(date.getUTCMinutes()) && hours.has(date.getUTCHours()) && months.has(month) && hasDay(day, weekday)
    );
  };
  const found: number[] = [];
  for (let time = from + minuteMs; time <= to; time += minuteMs) {
    const local = time + (time < at ? before : after);
    const isSecond = time >= at && local < at + before;
    let isSkipped = false;
    if (time === at && namesHours) {
      for (let skipped = at + before; skipped < at + after; skipped += minuteMs) isSkipped ||= names(skipped);
    }
    if (isSkipped || (names(local) && !(isSecond && isFixed))) found.push(time);
  }
  return found;
}

const windowMs = 5 * hourMs;

function actual(cron: string, { tz, at }: Change): readonly number[] {
  const times = new CronTimes(cron, tz);
  const found: number[] = [];
  for (let time = times.after(at - windowMs); time !== undefined && time <= at + windowMs; time = times.after(time)) {
    found.push(time);
  }
  return found;
}

describe("at every change of every clock from 2020 to 2037", () => {
  const changes = findChanges();
  const twoDigits = (value: number): string => String(value);

  it("expressions are due at the times that a search by minutes finds", () => {
    expect(changes.length).toBeGreaterThan(500);
    for (const change of changes) {
      const { at, before, after } = change;
      // In the middle of the skipped or repeated period.
      const local = new Date(at + (before + after) / 2);
      const [minute, hour, day] = [local.getUTCMinutes(), local.getUTCHours(), local.getUTCDate()].map(twoDigits);
      for (const cron of [`${minute} ${hour} ${day} * *`, `${minute} * * * *`, `*/7 ${hour} * * *`]) {
        const [is, should] = [actual(cron, change), expected(cron, change, at - windowMs, at + windowMs)];
        if (is.join() !== should.join()) expect([change, cron, is]).toEqual([change, cron, should]);
      }
    }
  });

  it("random expressions are due at the times that a search by minutes finds", () => {
    const value = (least: number, most: number): fc.Arbitrary<string> =>
      fc.oneof(
        { weight: 3, arbitrary: fc.constant("*") },
        fc.integer({ min: 2, max: Math.max(2, Math.floor(most / 2)) }).map((step) => `*/${step}`),
        fc.integer({ min: least, max: most }).map(String),
        fc
          .tuple(fc.integer({ min: least, max: most }), fc.integer({ min: least, max: most }))
          .map(([a, b]) => `${Math.min(a, b)}-${Math.max(a, b)}`),
        fc
          .uniqueArray(fc.integer({ min: least, max: most }), { minLength: 1, maxLength: 5 })
          .map((all) => all.join(",")),
      );
    const cron = fc
      .tuple(value(0, 59), value(0, 23), value(1, 31), value(1, 12), value(0, 6))
      .map((fields) => fields.join(" "));
    fc.assert(
      fc.property(cron, fc.constantFrom(...changes), (text, change) => {
        const [from, to] = [change.at - windowMs, change.at + windowMs];
        const should = expected(text, change, from, to);
        expect(actual(text, change)).toEqual(should);
        expect(new CronTimes(text, change.tz).lastBetween(from, to)).toBe(should.at(-1));
      }),
      { numRuns: 200 },
    );
  });
});
