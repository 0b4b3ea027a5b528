/** The levels, as users name them, with the numbers that pino orders them by. */
export const levelNumbers = { DEBUG: 20, INFO: 30, WARNING: 40, ERROR: 50, CRITICAL: 60 } as const;

/** The level of a line. */
export type Level = keyof typeof levelNumbers;

/** One line of the log, as it is in the JSON format. */
export interface LogRecord {
  readonly level: Level;
  /** ISO 8601, UTC, with milliseconds. */
  readonly time: string;
  /** The logger's name. */
  readonly name: string;
  /** Not there where facts alone were given. */
  readonly msg?: string;
  /** The error, where one was given. */
  readonly err?: { readonly message: string; readonly stack: string };
  /** The other facts that were given. */
  readonly [fact: string]: unknown;
}
