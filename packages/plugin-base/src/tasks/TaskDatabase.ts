/** Rows as `pg` gives them by itself, with its own types of values. */
export interface TaskRows {
  readonly rows: readonly Readonly<Record<string, unknown>>[];
}

/** The database as tasks use it: connections of the account that owns it. */
export interface TaskDatabase extends AsyncDisposable {
  /**
   * Runs a statement, in a transaction of its own; several, separated by semicolons, where there are no values.
   *
   * @throws PeekError as `PluginStorage`.
   */
  query(sql: string, values?: readonly unknown[]): Promise<TaskRows>;
  /** Whether it can be reached, as last seen. */
  readonly available: boolean;
}

/** What a statement in a plugin's transaction carries that something has to be done after: see {@link afterCommit}. */
export interface AfterCommit {
  /** Called once, when the transaction was committed. It must not throw. */
  readonly [afterCommit]: () => void;
}

/** The property of a compiled query by which the storage finds what is to be done when its transaction has been committed. */
export const afterCommit: unique symbol = Symbol.for("peek.after-commit");
