/** Rows with the value types of `pg` itself. */
export interface TaskRows {
  readonly rows: readonly Readonly<Record<string, unknown>>[];
}

/** The database for tasks: connections of the account that owns it. */
export interface TaskDatabase extends AsyncDisposable {
  /**
   * Runs a statement in a separate transaction; without values, also several statements separated by semicolons.
   *
   * @throws PeekError as `PluginStorage`.
   */
  query(sql: string, values?: readonly unknown[]): Promise<TaskRows>;
  /** Whether the database was available at the last use. */
  readonly available: boolean;
}

/** A statement in a plugin's transaction with a callback after the commit: see {@link afterCommit}. */
export interface AfterCommit {
  /** Called once after the commit. It must not throw. */
  readonly [afterCommit]: () => void;
}

/** The property of a compiled query with the function that the storage calls after the commit of its transaction. */
export const afterCommit: unique symbol = Symbol.for("peek.after-commit");
