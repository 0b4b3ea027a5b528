/**
 * Writes one line to the log.
 *
 * The message may contain `%s`, `%d` and `%o` for the values that follow it. Facts for programs come first, as an object;
 * an error is its `err`.
 */
export interface LogFunction {
  (message: string, ...values: readonly unknown[]): void;
  (facts: Readonly<Record<string, unknown>>, message: string, ...values: readonly unknown[]): void;
}

/** A named logger. Its name, and thus its level, is that of the module that requested it. */
export interface Logger {
  /** Details for finding a fault. */
  readonly debug: LogFunction;
  /** Events of normal operation that an operator wants to know. */
  readonly info: LogFunction;
  /** A problem that does not stop the work. */
  readonly warning: LogFunction;
  /** A requested operation failed. */
  readonly error: LogFunction;
  /** The service cannot continue. */
  readonly critical: LogFunction;
  /** Whether a line of this level would be written; for messages that are expensive to build. */
  isLevelEnabled(level: LogMethod): boolean;
}

/** The levels of a {@link Logger}, lowest first. */
export type LogMethod = "debug" | "info" | "warning" | "error" | "critical";

/** A module's `import.meta`. */
export interface ModuleMeta {
  /** The module's `import.meta.url`. */
  readonly url: string;
}
