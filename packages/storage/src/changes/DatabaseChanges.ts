import { PeekError } from "@peek/errors";
import type { Logger, TableChange } from "@peek/plugin-base";
import type { ChangeSource, FollowedTables, WatchTablesOptions } from "@peek/plugin-base/internal";
import type { ConnectionPool } from "../access/ConnectionPool.ts";
import type { StorageHealth } from "../access/StorageHealth.ts";
import type { VortexLayout } from "../catalogue/VortexLayout.ts";
import { ChangeReader } from "./ChangeReader.ts";
import { WatchedTables } from "./WatchedTables.ts";
import { type Watcher, Watchers } from "./Watchers.ts";
import { countStart, unwatchTables, watchTables } from "./watchTriggers.ts";

/** What {@link DatabaseChanges} are made of. */
export interface DatabaseChangesOptions {
  /** Connections of the account that owns the database. */
  readonly pool: ConnectionPool;
  /** As `pool`, but one that is not used by anybody else; disposed with this. */
  readonly readerPool: ConnectionPool;
  readonly layout: VortexLayout;
  readonly health: StorageHealth;
  readonly logger: Logger;
  /** The schema of a plugin; throws where it has none. */
  readonly schemaOf: (plugin: string) => string;
}

/**
 * What is committed to tables of the plugins, by whomever: triggers note each statement in the transaction that it
 * belongs to, and a reader with a connection of its own tells of what was committed. Nothing is made, and nobody is
 * connected, before the first table is watched.
 */
export class DatabaseChanges implements ChangeSource, AsyncDisposable {
  readonly #options: DatabaseChangesOptions;
  readonly #watchers = new Watchers();
  readonly #reader: ChangeReader;
  readonly #closing = new AbortController();
  #begun: Promise<void> | undefined;

  constructor(options: DatabaseChangesOptions) {
    const { readerPool, health, logger } = options;
    this.#options = options;
    this.#reader = new ChangeReader({ pool: readerPool, watchers: this.#watchers, health, logger });
  }

  async watch(
    plugin: string,
    { tables: names, rows, signal: called }: WatchTablesOptions,
    listener: (changes: readonly TableChange[]) => void,
  ): Promise<FollowedTables> {
    const { pool, layout, schemaOf } = this.#options;
    const schema = schemaOf(plugin);
    const { signal: closing } = this.#closing;
    const signal = called === undefined ? closing : AbortSignal.any([called, closing]);
    signal.throwIfAborted();
    await layout.make();
    await this.#begin();
    const found = await watchTables(pool, { plugin, schema, tables: names, rows, signal });
    await using held = new AsyncDisposableStack();
    const watcher: Watcher = { schema, names, rows, listener };
    held.use(this.#watchers.add(watcher, found));
    await unlessAborted(this.#reader.follow(), signal);
    return new WatchedTables(watcher, this.#watchers, this.#reader, held.move());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort(
      new PeekError("STORAGE_CLOSED", "The storage is closed: no tables of the database are followed any more."),
    );
    await this.#reader[Symbol.asyncDispose]();
  }

  /** Once, when that went well. */
  #begin(): Promise<void> {
    const begin = async (): Promise<void> => {
      await unwatchTables(this.#options.pool, await countStart(this.#options.pool));
    };
    this.#begun ??= begin().catch((error: unknown) => {
      this.#begun = undefined;
      throw error;
    });
    return this.#begun;
  }
}

/** Waits for what another owns, until it is called off. */
async function unlessAborted(work: Promise<void>, signal: AbortSignal): Promise<void> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => reject(signal.reason);
  signal.addEventListener("abort", onAbort);
  try {
    signal.throwIfAborted();
    await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener("abort", onAbort);
    work.catch(() => undefined);
  }
}
