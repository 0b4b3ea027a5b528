/** A parsed cron expression: each field as the set of its values, in local time. */
export interface CronExpression {
  readonly minutes: ReadonlySet<number>;
  readonly hours: ReadonlySet<number>;
  readonly months: ReadonlySet<number>;
  /** Whether a date matches both day fields. @param weekday 0 is Sunday. */
  readonly hasDay: (day: number, weekday: number) => boolean;
  /** Whether it names hours: then a time that daylight saving skips is made up for. */
  readonly namesHours: boolean;
  /** Whether it names times of day, and not intervals: then a time that daylight saving repeats comes once. */
  readonly isFixed: boolean;
}

interface Field {
  readonly title: string;
  readonly min: number;
  readonly max: number;
  /** Names of its values, from `min` on. */
  readonly words?: readonly string[];
}

const monthWords = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const dayWords = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

const fields = {
  minute: { title: "minute", min: 0, max: 59 },
  hour: { title: "hour", min: 0, max: 23 },
  day: { title: "day of the month", min: 1, max: 31 },
  month: { title: "month", min: 1, max: 12, words: monthWords },
  // Sunday is 0 and 7: a range may end with it.
  weekday: { title: "day of the week", min: 0, max: 7, words: dayWords },
} as const satisfies Readonly<Record<string, Field>>;

/**
 * Parses a cron expression of five fields: minute, hour, day of the month, month, day of the week. A field is a comma-separated list of
 * values, ranges (`1-5`) and `*`; the last two may have a step (`0-30/10`). Months and days of the week also have names of three
 * letters. When both day fields are restricted, one match is enough.
 *
 * @throws Error that names the invalid field.
 */
export function parseCron(text: string): CronExpression {
  const parts = text.trim().split(/\s+/);
  const [minute = "", hour = "", day = "", month = "", weekday = ""] = parts;
  if (parts.length !== 5) {
    throw new Error(
      `"${text}" is not a cron expression of five fields (minute, hour, day of the month, month, day of the week), such as "0 6 * * 1-5"`,
    );
  }
  const days = parseField(day, fields.day);
  const weekdays = new Set([...parseField(weekday, fields.weekday)].map((value) => value % 7));
  return {
    minutes: parseField(minute, fields.minute),
    hours: parseField(hour, fields.hour),
    months: parseField(month, fields.month),
    hasDay:
      isRestricted(day) && isRestricted(weekday)
        ? (date, of) => days.has(date) || weekdays.has(of)
        : (date, of) => days.has(date) && weekdays.has(of),
    namesHours: isRestricted(hour),
    isFixed: isRestricted(minute) && isRestricted(hour),
  };
}

/** As in other crons, a field that begins with `*` is not a restriction. */
function isRestricted(field: string): boolean {
  return !field.startsWith("*");
}

function parseField(text: string, field: Field): ReadonlySet<number> {
  return new Set(text.split(",").flatMap((part) => parsePart(part, text, field)));
}

function parsePart(part: string, text: string, field: Field): readonly number[] {
  const match = /^(?:(?<all>\*)|(?<from>[0-9a-z]+)(?:-(?<to>[0-9a-z]+))?)(?:\/(?<step>\d{1,4}))?$/iu.exec(part);
  const { all, from, to, step } = match?.groups ?? {};
  if (match === null) throw invalidPart(part, text, field);
  if (step !== undefined && all === undefined && to === undefined) {
    throw new Error(
      `${titled(text, field)}: ${part} has a step without a range. Write ${from ?? ""}-${field.max}/${step}`,
    );
  }
  const first = all === undefined ? valueOf(from ?? "", part, text, field) : field.min;
  let last = all === undefined ? valueOf(to ?? from ?? "", part, text, field) : field.max;
  // From Monday to Sunday.
  if (to !== undefined && field === fields.weekday && last === 0 && first > 0) last = 7;
  if (all !== undefined && field === fields.weekday) last = 6;
  const by = step === undefined ? 1 : Number(step);
  if (by < 1 || by > field.max)
    throw new Error(`${titled(text, field)}: the step of ${part} is not from 1 to ${field.max}`);
  if (last < first) throw new Error(`${titled(text, field)}: ${part} ends before it begins`);
  const values: number[] = [];
  for (let value = first; value <= last; value += by) values.push(value);
  return values;
}

function valueOf(text: string, part: string, whole: string, field: Field): number {
  const at = field.words?.indexOf(text.toLowerCase()) ?? -1;
  const value = at >= 0 ? at + field.min : /^\d{1,2}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= field.min && value <= field.max) return value;
  throw invalidPart(part, whole, field);
}

function invalidPart(part: string, text: string, field: Field): Error {
  const { min, max, words } = field;
  const named = words === undefined ? "" : `, or from ${words[0] ?? ""} to ${words.at(-1) ?? ""}`;
  return new Error(
    `${titled(text, field)}: "${part}" is not a value from ${min} to ${max}${named}, a range of such values, or *`,
  );
}

function titled(text: string, { title }: Field): string {
  return `the ${title} is "${text}"`;
}
