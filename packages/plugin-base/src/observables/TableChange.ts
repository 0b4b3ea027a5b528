/** What has been committed to a table that an observable reads, by whomever. */
export interface TableChange {
  /** The table's name in the plugin's schema. */
  readonly table: string;
  readonly operation: "insert" | "update" | "delete" | "truncate";
  /**
   * The rows concerned, by column, with the types and values that `platform.storage` gives when they are selected (a bigint is
   * a bigint, a timestamp an ISO 8601 text in UTC): the new ones of an insert, the old ones of a delete, both of an update.
   * Undefined where they are not known: a truncate, more than 100 rows or 128 KiB in one statement, a table with a virtual
   * generated column, or anything may have changed since the database could not be followed.
   */
  readonly rows: readonly Readonly<Record<string, unknown>>[] | undefined;
}
