import { messageOf, toError } from "@peek/errors";
import { type LogFn, type Logger as PinoLogger, pino } from "pino";
import { levelOf } from "./levelOf.ts";
import { type Level, levelNumbers, type LogRecord } from "./LogRecord.ts";
import type { LogLine, LogSink } from "./LogSink.ts";
import { type RedactedLine, redactLine } from "./redact/redactLine.ts";

type CustomLevel = "debug" | "info" | "warning" | "error" | "critical";

/** A pino logger with the users' levels as its methods. */
export type NamedLogger = PinoLogger<CustomLevel>;

/** How much is logged, and where it goes. */
export interface LoggingOptions {
  /** The level of all loggers that `levels` does not name. */
  readonly level: Level;
  /** Levels by the beginning of a logger's name. Default: none. */
  readonly levels?: Readonly<Record<string, Level>>;
  /** Where lines go. Owned: they are disposed with the logging. */
  readonly sinks: readonly LogSink[];
}

/** The loggers of one service. */
export class Logging implements AsyncDisposable {
  readonly #level: Level;
  readonly #levels: Readonly<Record<string, Level>>;
  readonly #sinks: readonly LogSink[];
  readonly #root: NamedLogger;

  constructor(options: LoggingOptions) {
    this.#level = options.level;
    this.#levels = options.levels ?? {};
    this.#sinks = options.sinks;
    this.#root = pino<CustomLevel>(
      {
        base: null,
        customLevels: {
          debug: levelNumbers.DEBUG,
          info: levelNumbers.INFO,
          warning: levelNumbers.WARNING,
          error: levelNumbers.ERROR,
          critical: levelNumbers.CRITICAL,
        },
        useOnlyCustomLevels: true,
        level: methodOf(options.level),
        timestamp: pino.stdTimeFunctions.isoTime,
        formatters: { level: (label) => ({ level: label.toUpperCase() }), log: renameOwn },
        serializers: { err: errorOf },
        hooks: { logMethod: neverThrow },
      },
      { write: (json: string) => this.#write(json) },
    );
  }

  /** The logger of a name. Its level is settled now. */
  getLogger(name: string): NamedLogger {
    return this.#root.child({ name }, { level: methodOf(levelOf(name, this.#level, this.#levels)) });
  }

  /** Writes out what is waiting and closes the sinks, the last first: those that are left hear what it had to say. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const sink of this.#sinks.toReversed()) await sink[Symbol.asyncDispose]();
  }

  #write(raw: string): void {
    const line = new WrittenLine(redactLine(raw));
    for (const sink of this.#sinks) sink.write(line);
  }
}

/** A line that is parsed once at most, whatever number of sinks wants it so. */
class WrittenLine implements LogLine {
  readonly json: string;
  #record: LogRecord | undefined;

  constructor({ json, record }: RedactedLine) {
    this.json = json;
    this.#record = record;
  }

  get record(): LogRecord {
    // It is what pino has just written, in the shape that the options above ask for.
    this.#record ??= JSON.parse(this.json) as LogRecord;
    return this.#record;
  }
}

/**
 * Anything can be thrown, and then logged as `err`. Only what is text or a number is taken of it: the rest of an error
 * may be getters that throw, a toJSON() of its own, or half the program.
 */
function errorOf(thrown: unknown): object {
  const error = toError(thrown);
  const code: unknown = Reflect.get(error, "code");
  const stack = pino.stdSerializers.err(withoutProperties(error)).stack;
  return {
    type: error.constructor.name,
    message: error.message,
    stack: typeof stack === "string" ? stack : String(error),
    ...((typeof code === "string" || typeof code === "number") && { code }),
  };
}

/** How many causes of an error are written. */
const maxCauses = 10;

/** The error with its causes, as pino writes them into one stack, and with nothing else. */
function withoutProperties(error: Error, depth = 0): Error {
  const cause = depth < maxCauses ? causeOf(error) : undefined;
  const bare = new Error(error.message, cause && { cause: withoutProperties(cause, depth + 1) });
  bare.name = error.name;
  if (error.stack !== undefined) bare.stack = error.stack;
  return bare;
}

function causeOf(error: Error): Error | undefined {
  try {
    return error.cause instanceof Error ? toError(error.cause) : undefined;
  } catch {
    // A getter, or a proxy, that throws.
    return undefined;
  }
}

/** Whoever logs is in the middle of something else; what cannot be written is said to be so, and no more. */
function neverThrow(this: PinoLogger, args: Parameters<LogFn>, method: LogFn): void {
  try {
    method.apply(this, args);
  } catch (error) {
    method.call(this, "A line could not be logged: %s", messageOf(error));
  }
}

/** Facts under other names where their own would replace what each line has. */
function renameOwn(facts: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(facts).map(([key, value]) => [ownKeys.has(key) ? `fact.${key}` : key, value]),
  );
}

const ownKeys: ReadonlySet<string> = new Set(["level", "time", "name"]);

function methodOf(level: Level): CustomLevel {
  return methods[level];
}

const methods = {
  DEBUG: "debug",
  INFO: "info",
  WARNING: "warning",
  ERROR: "error",
  CRITICAL: "critical",
} as const satisfies Record<Level, CustomLevel>;
