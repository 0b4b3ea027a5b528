/** What has been committed to a table that an observable reads, by whomever. */
export interface TableChange {
  /** The table's name in the plugin's schema. */
  readonly table: string;
  readonly operation: "insert" | "update" | "delete" | "truncate";
  /**
   * The rows concerned, by column, as PostgreSQL's `to_jsonb` writes them (a bigint is a number, a timestamp a text): the new
   * ones of an insert, the old ones of a delete, both of an update. Undefined where they are not known: a truncate, more than
   * 100 rows in one statement, or anything may have changed since the database could not be followed.
   */
  readonly rows: readonly Readonly<Record<string, unknown>>[] | undefined;
}
