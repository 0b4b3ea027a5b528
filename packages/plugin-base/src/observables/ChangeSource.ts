import type { TableChange } from "./TableChange.ts";

/** How tables are followed. */
export interface WatchTablesOptions {
  /** The tables of the plugin's schema. */
  readonly tables: readonly string[];
  /** Whether the listener wants to know which rows. */
  readonly rows: boolean;
  /** Ends {@link ChangeSource.watch} while it waits; what is watched already is not ended by it. Default: none. */
  readonly signal?: AbortSignal | undefined;
}

/** Tables that are followed, until this is disposed. */
export interface FollowedTables extends AsyncDisposable {
  /** All that was committed before has been told; a time of `performance.now()`. While all is well, a moment ago. */
  readonly toldUntil: number;
  /** Why nothing is told just now, for people, where that is known. */
  readonly trouble: string | undefined;
}

/**
 * Tells what is committed to tables, by whomever. Each committed change is told at least once, in no promised order, and after
 * it can be read; what is rolled back is never told.
 */
export interface ChangeSource {
  /**
   * Follows tables of a plugin.
   *
   * @param listener Called with what was committed; must not throw. After the database could not be followed for a while, with
   *   a change of each table whose rows are undefined.
   *   While it is called, `toldUntil` is not later than what it is told of.
   * @returns When every change that is committed from now on will be told.
   * @throws PeekError `OBSERVABLE_TABLE_UNKNOWN` when a table is not there; the signal's reason; and as the storage.
   */
  watch(
    plugin: string,
    options: WatchTablesOptions,
    listener: (changes: readonly TableChange[]) => void,
  ): Promise<FollowedTables>;
}
