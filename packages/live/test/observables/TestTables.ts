import { PeekError } from "@peek/errors";
import type { TableChange } from "@peek/plugin-base";
import type { ChangeSource, WatchedTables, WatchTablesOptions } from "@peek/plugin-base/internal";

/** Tables whose changes a test commits. */
export class TestTables implements ChangeSource {
  /** Whether the database can be reached. */
  isUp = true;
  tries = 0;
  /** Since when changes are not reported, by `performance.now()`; undefined while they are. */
  silentSince: number | undefined;
  readonly #watches = new Set<{
    readonly options: WatchTablesOptions;
    readonly listener: (changes: readonly TableChange[]) => void;
  }>();

  get watches(): number {
    return this.#watches.size;
  }

  /** Whether any of them wants rows. */
  get rows(): boolean {
    return [...this.#watches].some(({ options }) => options.rows);
  }

  watch(
    _plugin: string,
    options: WatchTablesOptions,
    listener: (changes: readonly TableChange[]) => void,
  ): Promise<WatchedTables> {
    this.tries += 1;
    if (!this.isUp) return Promise.reject(new PeekError("STORAGE_UNAVAILABLE", "The database is away."));
    const watch = { options, listener };
    this.#watches.add(watch);
    const reportedUntil = (): number => this.silentSince ?? performance.now();
    return Promise.resolve({
      get reportedUntil() {
        return reportedUntil();
      },
      trouble: undefined,
      [Symbol.asyncDispose]: () => {
        this.#watches.delete(watch);
        return Promise.resolve();
      },
    });
  }

  commit(change: TableChange): void {
    for (const { options, listener } of this.#watches) if (options.tables.includes(change.table)) listener([change]);
  }
}
