import { PeekError } from "@peek/errors";
import type { Logger, TableChange } from "@peek/plugin-base";
import type { ChangeSource, WatchedTables, WatchTablesOptions } from "@peek/plugin-base/internal";
import type { VortexLayout } from "../catalogue/VortexLayout.ts";
import type { StorageHealth } from "../health/StorageHealth.ts";
import type { ConnectionPool } from "../pool/ConnectionPool.ts";
import type { StorageTiming } from "../StorageTiming.ts";
import { OutboxPoller } from "./OutboxPoller.ts";
import { TableWatch } from "./TableWatch.ts";
import { countReaderStart, dropUnusedTriggers } from "./triggerRetention.ts";
import { type Watcher, WatcherRegistry } from "./WatcherRegistry.ts";
import { watchTables } from "./watchTables.ts";

/** The options of {@link ChangeDataCapture}. */
export interface ChangeDataCaptureOptions {
  /** Connections of the account that owns the database. */
  readonly pool: ConnectionPool;
  /** A pool of one connection of the same account, which only reads the outbox; disposed with this. */
  readonly outboxPool: ConnectionPool;
  readonly layout: VortexLayout;
  readonly health: StorageHealth;
  readonly logger: Logger;
  /** The schema of a plugin; throws where it has none. */
  readonly schemaOf: (plugin: string) => string;
  readonly timing: StorageTiming;
}

/**
 * Change data capture by a transactional outbox: triggers record each statement in the transaction that it belongs to,
 * and a reader with a connection of its own notifies watchers of committed changes, whichever client made them. It
 * creates nothing and connects to nothing before the first table is watched.
 */
export class ChangeDataCapture implements ChangeSource, AsyncDisposable {
  readonly #options: ChangeDataCaptureOptions;
  readonly #watchers = new WatcherRegistry();
  readonly #poller: OutboxPoller;
  readonly #closing = new AbortController();
  #started: Promise<void> | undefined;

  constructor(options: ChangeDataCaptureOptions) {
    const { outboxPool, health, logger, timing } = options;
    this.#options = options;
    this.#poller = new OutboxPoller({ pool: outboxPool, watchers: this.#watchers, health, logger, timing });
  }

  async watch(
    plugin: string,
    { tables: names, rows, signal: ownSignal }: WatchTablesOptions,
    listener: (changes: readonly TableChange[]) => void,
  ): Promise<WatchedTables> {
    const { pool, layout, schemaOf } = this.#options;
    const schema = schemaOf(plugin);
    const { signal: closing } = this.#closing;
    const signal = ownSignal === undefined ? closing : AbortSignal.any([ownSignal, closing]);
    signal.throwIfAborted();
    await layout.create();
    await this.#start();
    const tables = await watchTables(pool, { plugin, schema, tables: names, rows, signal });
    await using held = new AsyncDisposableStack();
    const watcher: Watcher = { schema, names, rows, listener };
    held.use(this.#watchers.add(watcher, tables));
    await unlessAborted(this.#poller.start(), signal);
    return new TableWatch(watcher, this.#watchers, this.#poller, held.move());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort(
      new PeekError("STORAGE_CLOSED", "The storage is closed: tables of the database cannot be watched any more."),
    );
    await this.#poller[Symbol.asyncDispose]();
  }

  /** Drops triggers that are not used any more; once per process. */
  #start(): Promise<void> {
    const start = async (): Promise<void> => {
      await dropUnusedTriggers(this.#options.pool, await countReaderStart(this.#options.pool));
    };
    this.#started ??= start().catch((error: unknown) => {
      this.#started = undefined;
      throw error;
    });
    return this.#started;
  }
}

/** Waits for shared work, or until the signal aborts. */
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
