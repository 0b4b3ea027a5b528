import { messageOf, toError } from "@peek/errors";
import { type LogFn, type Logger as PinoLogger, pino } from "pino";
import { levelOf } from "./levelOf.ts";
import { type Level, levelNumbers, type LogRecord } from "./LogRecord.ts";
import type { LogLine, LogSink } from "./LogSink.ts";
import { type RedactedLine, redactLine } from "./redact/redactLine.ts";

type CustomLevel = "debug" | "info" | "warning" | "error" | "critical";

/** A pino logger whose methods are the levels in the users' words. */
export type NamedLogger = PinoLogger<CustomLevel>;

/** The levels and destinations of the log. */
export interface LoggingOptions {
  /** The level of all loggers that `levels` does not name. */
  readonly level: Level;
  /** Levels by the beginning of a logger's name. Default: none. */
  readonly levels?: Readonly<Record<string, Level>>;
  /** The destinations, which are disposed with the logging. */
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
        formatters: { level: (label) => ({ level: label.toUpperCase() }), log: renameReserved },
        serializers: { err: errorOf },
        hooks: { logMethod: neverThrow },
      },
      { write: (json: string) => this.#write(json) },
    );
  }

  /** The logger of a name. Its level does not change later. */
  getLogger(name: string): NamedLogger {
    return this.#root.child({ name }, { level: methodOf(levelOf(name, this.#level, this.#levels)) });
  }

  /** Writes pending lines and closes the sinks, the last one first, so that the others receive its warnings. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const sink of this.#sinks.toReversed()) await sink[Symbol.asyncDispose]();
  }

  #write(raw: string): void {
    const line = new WrittenLine(redactLine(raw));
    for (const sink of this.#sinks) sink.write(line);
  }
}

/** A line that is parsed at most once for all sinks. */
class WrittenLine implements LogLine {
  readonly json: string;
  #record: LogRecord | undefined;

  constructor({ json, record }: RedactedLine) {
    this.json = json;
    this.#record = record;
  }

  get record(): LogRecord {
    // Pino has just written it, in the shape that the options above define.
    this.#record ??= JSON.parse(this.json) as LogRecord;
    return this.#record;
  }
}

/**
 * Serializes a logged `err`, which may be any thrown value. Only texts and numbers are read from it: other properties of an error
 * may be getters that throw, a toJSON(), or references to large objects.
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

/** The maximum number of causes that are logged for an error. */
const maxCauses = 10;

/** A copy of the error with its causes, which pino writes into one stack, and without other properties. */
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
    // A getter or a proxy throws.
    return undefined;
  }
}

/** Logging never throws into the calling code; a line that cannot be written is replaced by a note. */
function neverThrow(this: PinoLogger, args: Parameters<LogFn>, method: LogFn): void {
  try {
    method.apply(this, args);
  } catch (error) {
    method.call(this, "Failed to log a line: %s", messageOf(error));
  }
}

/** Renames facts whose names would replace the keys that every line has. */
function renameReserved(facts: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(facts).map(([key, value]) => [reservedKeys.has(key) ? `fact.${key}` : key, value]),
  );
}

const reservedKeys: ReadonlySet<string> = new Set(["level", "time", "name"]);

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
