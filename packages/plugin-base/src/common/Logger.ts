/**
 * Writes one line to the log.
 *
 * The message may hold `%s`, `%d` and `%o` for the values that follow it. Facts for machines go first, as an object;
 * an error goes there as `err`.
 */
export interface LogFunction {
  (message: string, ...values: readonly unknown[]): void;
  (facts: Readonly<Record<string, unknown>>, message: string, ...values: readonly unknown[]): void;
}

/** A named logger. Its name, and so its level, comes from the module that asked for it. */
export interface Logger {
  /** For whoever looks for a fault. */
  readonly debug: LogFunction;
  /** What an operator wants to have read when all is well. */
  readonly info: LogFunction;
  /** Something is not as it should be, and the work goes on. */
  readonly warning: LogFunction;
  /** Something that was asked for was not done. */
  readonly error: LogFunction;
  /** The service cannot go on. */
  readonly critical: LogFunction;
  /** Whether a line of this level would be written; for messages that are dear to make. */
  isLevelEnabled(level: LogMethod): boolean;
}

/** The levels of a {@link Logger}, lowest first. */
export type LogMethod = "debug" | "info" | "warning" | "error" | "critical";

/** What a module says of itself: its `import.meta`. */
export interface ModuleMeta {
  /** The module's `import.meta.url`. */
  readonly url: string;
}
