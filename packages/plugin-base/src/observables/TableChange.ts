/** A committed change of a table that an observable reads. */
export interface TableChange {
  /** The table's name in the plugin's schema. */
  readonly table: string;
  readonly operation: "insert" | "update" | "delete" | "truncate";
  /**
   * The affected rows, by column, with the types and values of `platform.storage` (a bigint is a bigint, a timestamp an ISO 8601
   * text in UTC): the new rows of an insert, the old rows of a delete, both of an update. undefined where they are unknown: after a
   * truncate, for more than 100 rows or 128 KiB in one statement, for a table with a virtual generated column, or when changes
   * could not be captured for a time.
   */
  readonly rows: readonly Readonly<Record<string, unknown>>[] | undefined;
}
