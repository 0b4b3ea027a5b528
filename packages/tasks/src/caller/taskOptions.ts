import { describeValue, PeekError } from "@peek/errors";
import type { AnyTaskType, TaskRetry } from "@peek/plugin-base/contracts";

/** What an option may be. */
interface Rule {
  readonly fits: (value: unknown) => boolean;
  /** The same in words, after "It is". */
  readonly what: string;
}

const dayMs = 24 * 60 * 60 * 1000;
const maxDelayMs = 3650 * dayMs;
/** PostgreSQL does not read the years before as JavaScript writes them. */
const firstTime = Date.parse("0001-01-01T00:00:00Z");
/** What a timer can wait. */
const maxTimerMs = 2 ** 31 - 1;
const maxLetters = 200;

const text: Rule = {
  // PostgreSQL has no texts with the character 0, nor with halves of characters.
  fits: (value) =>
    typeof value === "string" &&
    value !== "" &&
    value.length <= maxLetters &&
    !value.includes("\0") &&
    value.isWellFormed(),
  what: `a text of 1 to ${maxLetters} letters`,
};

const rules = {
  priority: whole(-1000, 1000),
  key: text,
  singletonKey: text,
  retry: { fits: isPlain, what: "an object such as { tries: 5, delayMs: 1000, maxDelayMs: 60000 }" },
  deadlineMs: whole(1, maxTimerMs),
  signal: { fits: (value) => value instanceof AbortSignal, what: "an AbortSignal" },
  onProgress: { fits: (value) => typeof value === "function", what: "a function" },
  transaction: { fits: isTransaction, what: "the transaction that platform.storage.transaction() hands to its work" },
  startAfter: {
    fits: isTime,
    what: "a Date from the year 1 on and up to ten years from now, or milliseconds from now: from 0 to ten years",
  },
  name: {
    fits: (value) => typeof value === "string" && /^[\w.-]{1,100}$/.test(value),
    what: "a text of 1 to 100 letters, digits, dots, hyphens and underscores",
  },
  maxWaiting: whole(1, 1000),
  missed: { fits: (value) => value === "once" || value === "skip", what: '"once" or "skip"' },
  tz: { fits: isTimeZone, what: 'the IANA name of a time zone, such as "Europe/Berlin"' },
} as const satisfies Record<string, Rule>;

const retryRules = {
  tries: whole(1, 100),
  delayMs: whole(0, dayMs),
  maxDelayMs: whole(0, dayMs),
} as const satisfies Record<keyof TaskRetry, Rule>;

const queueing = ["priority", "key", "retry"] as const;
const waiting = ["deadlineMs", "signal", "onProgress"] as const;

/** What each call takes. */
const taken = {
  run: [...queueing, ...waiting],
  enqueue: [...queueing, "transaction", "startAfter", "singletonKey"],
  enqueueAll: [...queueing, "transaction", "startAfter"],
  wait: waiting,
  schedule: [...queueing, "name", "tz", "maxWaiting", "missed"],
} as const satisfies Record<string, readonly (keyof typeof rules)[]>;

/**
 * Checks the options of a call: plugins may be written without types.
 *
 * @throws PeekError `TASK_OPTIONS_INVALID`
 */
export function checkOptions(task: AnyTaskType, call: keyof typeof taken, options: unknown): void {
  const refuse = (what: string): PeekError => optionsInvalid(task, call, what);
  if (!isPlain(options)) throw refuse(`its options are ${describeValue(options)}. They are an object`);
  const of: readonly (keyof typeof rules)[] = taken[call];
  checkAll(options, Object.fromEntries(of.map((name) => [name, rules[name]])), "", refuse);
  if (isPlain(options["retry"])) checkAll(options["retry"], retryRules, "retry.", refuse);
  if (options["key"] !== undefined && options["singletonKey"] !== undefined) {
    throw refuse("key and singletonKey are not given together. Leave out one of them");
  }
}

/**
 * Checks a cron expression as far as its form goes.
 *
 * @throws PeekError `TASK_OPTIONS_INVALID`
 */
export function checkCron(task: AnyTaskType, cron: unknown): void {
  if (typeof cron === "string" && cron.length <= maxLetters && /^\s*\S+(?:\s+\S+){4}\s*$/.test(cron)) return;
  const what = 'a cron expression of five fields, such as "0 6 * * 1-5": at 06:00 on workdays';
  throw optionsInvalid(task, "schedule", `its cron is ${describeValue(cron)}. It is ${what}`);
}

/** @param what What is wrong, and how it would be right; without full stop. */
export function optionsInvalid({ name }: AnyTaskType, call: string, what: string, cause?: unknown): PeekError {
  return new PeekError("TASK_OPTIONS_INVALID", `The task ${name}: ${call}() cannot be done: ${what}.`, {
    fields: { task: name },
    ...(cause !== undefined && { cause }),
  });
}

/** How a task is tried again: as its type says, but for what the call says. */
export function retryOf({ retry }: AnyTaskType, given: TaskRetry = {}): Required<TaskRetry> {
  const { tries = retry.tries, delayMs = retry.delayMs, maxDelayMs = retry.maxDelayMs } = given;
  return { tries, delayMs, maxDelayMs };
}

function checkAll(
  options: Readonly<Record<string, unknown>>,
  rules: Readonly<Record<string, Rule>>,
  prefix: string,
  refuse: (what: string) => PeekError,
): void {
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined) continue;
    const rule = Object.hasOwn(rules, name) ? rules[name] : undefined;
    // Left out in silence, it might be the transaction.
    if (rule === undefined) {
      throw refuse(`it has no option ${prefix}${name}. Its options are ${Object.keys(rules).join(", ")}`);
    }
    if (!rule.fits(value)) throw refuse(`its ${prefix}${name} is ${describeValue(value)}. It is ${rule.what}`);
  }
}

function whole(least: number, most: number): Rule {
  return {
    fits: (value) => typeof value === "number" && Number.isInteger(value) && value >= least && value <= most,
    what: `a whole number from ${least} to ${most}`,
  };
}

function isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isTime(value: unknown): boolean {
  // What is not a number is in no range.
  if (value instanceof Date) return value.getTime() >= firstTime && value.getTime() <= Date.now() + maxDelayMs;
  return typeof value === "number" && value >= 0 && value <= maxDelayMs;
}

function isTransaction(value: unknown): boolean {
  return isPlain(value) && value["isTransaction"] === true && typeof value["executeQuery"] === "function";
}

function isTimeZone(value: unknown): boolean {
  // An offset such as +01:00 would do for Intl, and not for the queue.
  if (typeof value !== "string" || !/^[A-Z]/i.test(value)) return false;
  try {
    return new Intl.DateTimeFormat("en", { timeZone: value }).format(0) !== "";
  } catch {
    return false;
  }
}
