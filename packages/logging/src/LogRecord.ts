/** The levels in the users' words, with their numbers in pino. */
export const levelNumbers = { DEBUG: 20, INFO: 30, WARNING: 40, ERROR: 50, CRITICAL: 60 } as const;

/** The level of a line. */
export type Level = keyof typeof levelNumbers;

/** One line of the log in the JSON format. */
export interface LogRecord {
  readonly level: Level;
  /** ISO 8601, UTC, with milliseconds. */
  readonly time: string;
  /** The logger's name. */
  readonly name: string;
  /** Absent where only facts were logged. */
  readonly msg?: string;
  /** The logged error, if any. */
  readonly err?: { readonly message: string; readonly stack: string };
  /** Further logged facts. */
  readonly [fact: string]: unknown;
}
