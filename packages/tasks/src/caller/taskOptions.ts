import { describeValue, PeekError } from "@peek/errors";
import type { AnyTaskType, TaskRetry } from "@peek/plugin-base/contracts";

/** The allowed values of an option. */
interface Rule {
  readonly fits: (value: unknown) => boolean;
  /** Describes them, for messages. */
  readonly expected: string;
}

const dayMs = 24 * 60 * 60 * 1000;
const maxDelayMs = 3650 * dayMs;
/** PostgreSQL cannot read earlier years as JavaScript writes them. */
const firstTime = Date.parse("0001-01-01T00:00:00Z");
/** The longest delay of a timer. */
const maxTimerMs = 2 ** 31 - 1;
const maxCharacters = 200;

const text: Rule = {
  // PostgreSQL cannot store the character 0 or lone surrogates.
  fits: (value) =>
    typeof value === "string" &&
    value !== "" &&
    value.length <= maxCharacters &&
    !value.includes("\0") &&
    value.isWellFormed(),
  expected: `a text of 1 to ${maxCharacters} characters`,
};

const rules = {
  priority: whole(-1000, 1000),
  key: text,
  singletonKey: text,
  retry: { fits: isPlain, expected: "an object such as { tries: 5, delayMs: 1000, maxDelayMs: 60000 }" },
  deadlineMs: whole(1, maxTimerMs),
  signal: { fits: (value) => value instanceof AbortSignal, expected: "an AbortSignal" },
  onProgress: { fits: (value) => typeof value === "function", expected: "a function" },
  transaction: {
    fits: isTransaction,
    expected: "the transaction that platform.storage.transaction() hands to its work",
  },
  startAfter: {
    fits: isTime,
    expected: "a Date from the year 1 to ten years from now, or a number of milliseconds from now, from 0 to ten years",
  },
  name: {
    fits: (value) => typeof value === "string" && /^[\w.-]{1,100}$/.test(value),
    expected: "a text of 1 to 100 letters, digits, dots, hyphens and underscores",
  },
  maxWaiting: whole(1, 1000),
  missed: { fits: (value) => value === "once" || value === "skip", expected: '"once" or "skip"' },
  tz: { fits: isTimeZone, expected: 'the IANA name of a time zone, such as "Europe/Berlin"' },
} as const satisfies Record<string, Rule>;

const retryRules = {
  tries: whole(1, 100),
  delayMs: whole(0, dayMs),
  maxDelayMs: whole(0, dayMs),
} as const satisfies Record<keyof TaskRetry, Rule>;

const queueing = ["priority", "key", "retry"] as const;
const waiting = ["deadlineMs", "signal", "onProgress"] as const;

/** The options of each call. */
const optionsOfCall = {
  run: [...queueing, ...waiting],
  enqueue: [...queueing, "transaction", "startAfter", "singletonKey"],
  enqueueAll: [...queueing, "transaction", "startAfter"],
  wait: waiting,
  schedule: [...queueing, "name", "tz", "maxWaiting", "missed"],
} as const satisfies Record<string, readonly (keyof typeof rules)[]>;

/**
 * Checks the options of a call: a plugin may be plain JavaScript.
 *
 * @throws PeekError `TASK_OPTIONS_INVALID`
 */
export function checkOptions(task: AnyTaskType, call: keyof typeof optionsOfCall, options: unknown): void {
  const invalid = (problem: string): PeekError => optionsInvalid(task, call, problem);
  if (!isPlain(options)) throw invalid(`the options are ${describeValue(options)}, but have to be an object`);
  const names: readonly (keyof typeof rules)[] = optionsOfCall[call];
  checkAll(options, Object.fromEntries(names.map((name) => [name, rules[name]])), "", invalid);
  if (isPlain(options["retry"])) checkAll(options["retry"], retryRules, "retry.", invalid);
  if (options["key"] !== undefined && options["singletonKey"] !== undefined) {
    throw invalid("key and singletonKey cannot be combined. Leave out one of them");
  }
}

/**
 * Checks the form of a cron expression; its fields are checked when the schedule is made.
 *
 * @throws PeekError `TASK_OPTIONS_INVALID`
 */
export function checkCron(task: AnyTaskType, cron: unknown): void {
  if (typeof cron === "string" && cron.length <= maxCharacters && /^\s*\S+(?:\s+\S+){4}\s*$/.test(cron)) return;
  const expected = 'a cron expression of five fields, such as "0 6 * * 1-5": at 06:00 on workdays';
  throw optionsInvalid(task, "schedule", `cron is ${describeValue(cron)}, but has to be ${expected}`);
}

/** @param problem The problem and its remedy, without a full stop. */
export function optionsInvalid({ name }: AnyTaskType, call: string, problem: string, cause?: unknown): PeekError {
  return new PeekError("TASK_OPTIONS_INVALID", `The task ${name}: ${call}() failed: ${problem}.`, {
    fields: { task: name },
    ...(cause !== undefined && { cause }),
  });
}

/** The retry policy of a task: the options of the call override those of the type. */
export function retryOf({ retry }: AnyTaskType, given: TaskRetry = {}): Required<TaskRetry> {
  const { tries = retry.tries, delayMs = retry.delayMs, maxDelayMs = retry.maxDelayMs } = given;
  return { tries, delayMs, maxDelayMs };
}

function checkAll(
  options: Readonly<Record<string, unknown>>,
  rules: Readonly<Record<string, Rule>>,
  prefix: string,
  invalid: (problem: string) => PeekError,
): void {
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined) continue;
    const rule = Object.hasOwn(rules, name) ? rules[name] : undefined;
    // A misspelled option must not be ignored: it could be the transaction.
    if (rule === undefined) {
      throw invalid(`there is no option ${prefix}${name}. The options are ${Object.keys(rules).join(", ")}`);
    }
    if (!rule.fits(value)) {
      throw invalid(`${prefix}${name} is ${describeValue(value)}, but has to be ${rule.expected}`);
    }
  }
}

function whole(min: number, max: number): Rule {
  return {
    fits: (value) => typeof value === "number" && Number.isInteger(value) && value >= min && value <= max,
    expected: `a whole number from ${min} to ${max}`,
  };
}

function isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isTime(value: unknown): boolean {
  // An invalid Date is NaN, which is in no range.
  if (value instanceof Date) return value.getTime() >= firstTime && value.getTime() <= Date.now() + maxDelayMs;
  return typeof value === "number" && value >= 0 && value <= maxDelayMs;
}

function isTransaction(value: unknown): boolean {
  return isPlain(value) && value["isTransaction"] === true && typeof value["executeQuery"] === "function";
}

function isTimeZone(value: unknown): boolean {
  // Intl accepts an offset such as +01:00; schedules do not.
  if (typeof value !== "string" || !/^[A-Z]/i.test(value)) return false;
  try {
    return new Intl.DateTimeFormat("en", { timeZone: value }).format(0) !== "";
  } catch {
    return false;
  }
}
