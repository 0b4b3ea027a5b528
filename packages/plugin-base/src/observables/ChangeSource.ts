import type { TableChange } from "./TableChange.ts";

/** The options of {@link ChangeSource.watch}. */
export interface WatchTablesOptions {
  /** The tables of the plugin's schema. */
  readonly tables: readonly string[];
  /** Whether the listener needs the changed rows. */
  readonly rows: boolean;
  /** Aborts {@link ChangeSource.watch} while it waits; it does not end a watch that has begun. Default: none. */
  readonly signal?: AbortSignal | undefined;
}

/** The tables of one watch, until it is disposed. */
export interface WatchedTables extends AsyncDisposable {
  /** Every change committed before this time of `performance.now()` has been reported. Without failures, it is a moment ago. */
  readonly reportedUntil: number;
  /** Why no changes are reported at present, for users, if known. */
  readonly trouble: string | undefined;
}

/**
 * Reports the committed changes of tables, whichever client made them. Each change is reported at least once, in no
 * guaranteed order, and after it can be read; a change that was rolled back is never reported.
 */
export interface ChangeSource {
  /**
   * Watches tables of a plugin.
   *
   * @param listener Called with committed changes; must not throw. After a time in which changes could not be captured, it
   *   gets a change with undefined rows for each table. While it is called, `reportedUntil` is not later than the changes.
   * @returns When every change that is committed from now on will be reported.
   * @throws PeekError `OBSERVABLE_TABLE_UNKNOWN` when a table does not exist; the signal's reason; and as the storage.
   */
  watch(
    plugin: string,
    options: WatchTablesOptions,
    listener: (changes: readonly TableChange[]) => void,
  ): Promise<WatchedTables>;
}
