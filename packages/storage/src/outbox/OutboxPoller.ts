import { messageOf, PeekError } from "@peek/errors";
import { Backoff, LogThrottle } from "@peek/kit";
import type { Logger } from "@peek/plugin-base";
import { createVortexLayout } from "../catalogue/VortexLayout.ts";
import type { StorageHealth } from "../health/StorageHealth.ts";
import type { ConnectionPool } from "../pool/ConnectionPool.ts";
import type { PooledConnection } from "../pool/PooledConnection.ts";
import type { StorageTiming } from "../StorageTiming.ts";
import { AdaptivePolling } from "./AdaptivePolling.ts";
import { AutoResetEvent } from "./AutoResetEvent.ts";
import { OutboxConsumer } from "./OutboxConsumer.ts";
import { readOnlyState } from "./OutboxSession.ts";
import { TriggerReconciler } from "./TriggerReconciler.ts";
import type { WatcherRegistry } from "./WatcherRegistry.ts";

/** The options of an {@link OutboxPoller}. */
export interface OutboxPollerOptions {
  /** A pool of one connection, which the poller uses alone; disposed with it. */
  readonly pool: ConnectionPool;
  readonly watchers: WatcherRegistry;
  readonly health: StorageHealth;
  readonly logger: Logger;
  readonly timing: Pick<StorageTiming, "reconciler" | "cleanupIntervalMs">;
}

/**
 * The pause between polls, by mode. While the poller waits for notifications, it also polls, for transactions that did
 * not see that they have to notify; and on servers where transactions cannot notify.
 */
const pollIntervalMs = { polling: 5, notified: 250, withoutNotifications: 20 } as const;
const maxRetryDelayMs = 3000;
/** A connection that worked for this time resets the backoff. */
const stableAfterMs = 5000;
/** How long disposal waits for the answer to a running query. */
const stopTimeoutMs = 500;

/** Reads the outbox on one connection, one query at a time, and notifies the watchers. Reconnects after failures. */
export class OutboxPoller implements AsyncDisposable {
  readonly #options: OutboxPollerOptions;
  readonly #reconciler: TriggerReconciler;
  #wakeUp = new AutoResetEvent();
  #begun = new Milestone();
  #running: Promise<void> | undefined;
  #connection: PooledConnection | undefined;
  #stopping = false;
  /** When the present connection began to read, by `performance.now()`. */
  #begunAt = Infinity;
  #everBegun = false;
  readonly #logThrottle = new LogThrottle();
  #readUntil = -Infinity;
  #trouble: string | undefined;

  constructor(options: OutboxPollerOptions) {
    this.#options = options;
    this.#reconciler = new TriggerReconciler(options.watchers, options.logger, options.timing.reconciler);
  }

  /** The watchers have been notified of every change committed before this time; by `performance.now()`. */
  get readUntil(): number {
    return this.#readUntil;
  }

  /** Why the last poll failed, for users; undefined when it succeeded. */
  get trouble(): string | undefined {
    return this.#trouble;
  }

  /**
   * Starts polling, unless it has started.
   *
   * @returns When every change committed from then on will be read.
   * @throws PeekError as the pool, when the database cannot be read now; the poller keeps trying.
   */
  async start(): Promise<void> {
    if (this.#stopping) throw closed();
    this.#running ??= this.#run();
    await this.#begun.reached;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping = true;
    this.#wakeUp.set();
    const timer = setTimeout(() => this.#destroyConnection(), stopTimeoutMs);
    await this.#running;
    clearTimeout(timer);
    await this.#options.pool[Symbol.asyncDispose]();
    this.#begun.fail(closed());
  }

  async #run(): Promise<void> {
    const backoff = new Backoff({ maxMs: maxRetryDelayMs, fixedShare: 0.5 });
    while (!this.#stopping) {
      this.#begunAt = Infinity;
      try {
        await this.#poll();
      } catch (error) {
        if (this.#stopping) return;
        this.#failed(error);
        // Not as soon as reading has begun: it may fail right after that each time.
        if (performance.now() - this.#begunAt > stableAfterMs) backoff.reset();
        // A new event, since a notification of the failed connection must not shorten the pause.
        this.#wakeUp = new AutoResetEvent();
        await this.#wakeUp.wait(backoff.next());
      }
    }
  }

  #failed(error: unknown): void {
    const { health, logger } = this.#options;
    this.#trouble = userMessageOf(error);
    this.#everBegun ||= this.#begun.isReached;
    this.#begun.fail(error);
    this.#begun = new Milestone();
    // The health state logs the loss of the database, and the caller of start() gets the first error.
    const isReported = !health.available || isConnectionLoss(error);
    if (isReported || !this.#everBegun) return;
    const suffix = this.#logThrottle.count("reading");
    if (suffix === undefined) return;
    logger.warning("Reading changes from the database failed: %s. Trying again%s", messageOf(error), suffix);
  }

  async #poll(): Promise<void> {
    const { pool, watchers, timing } = this.#options;
    const connection = await pool.acquire();
    this.#connection = connection;
    const mode = new AdaptivePolling();
    let startPolling = false;
    const onNotification = (): void => {
      if (mode.countNotification(performance.now())) startPolling = true;
      this.#wakeUp.set();
    };
    connection.client.on("notification", onNotification);
    try {
      // The database may have been restored from a backup since the last connection.
      await createVortexLayout(connection);
      const consumer = await OutboxConsumer.begin({
        connection,
        watchers,
        reconciler: this.#reconciler,
        cleanupIntervalMs: timing.cleanupIntervalMs,
      });
      this.#begunAt = performance.now();
      this.#begun.reach();
      while (!this.#stopping) {
        const polledAt = performance.now();
        const hasChanges = await consumer.poll();
        this.#readUntil = polledAt;
        this.#trouble = undefined;
        const { canNotify } = consumer.session;
        if (hasChanges && !canNotify) startPolling ||= mode.countNotification(performance.now());
        if (startPolling) {
          await consumer.session.requestNotifications(false);
          mode.setPolling(true, performance.now());
          startPolling = false;
        } else if (mode.countPoll(hasChanges, performance.now())) {
          await consumer.session.requestNotifications(true);
          mode.setPolling(false, performance.now());
          // Polls once more, for changes that were committed before the request.
          continue;
        }
        const idleMs = canNotify ? pollIntervalMs.notified : pollIntervalMs.withoutNotifications;
        await this.#wakeUp.wait(mode.isPolling ? pollIntervalMs.polling : idleMs);
      }
    } finally {
      this.#connection = undefined;
      connection.client.off("notification", onNotification);
      pool.release(connection, true);
    }
  }

  /** Aborts a running query, or the opening of a connection, which the pool then aborts. */
  #destroyConnection(): void {
    this.#connection?.markClosed(closed());
    this.#connection?.client.connection.stream.destroy();
    if (this.#connection === undefined) this.#options.pool[Symbol.asyncDispose]().catch(() => undefined);
  }
}

/** An event that several callers wait for, which happens once or fails. */
class Milestone {
  readonly #promise = Promise.withResolvers<void>();
  #isReached = false;

  constructor() {
    // Nobody may be waiting.
    this.#promise.promise.catch(() => undefined);
  }

  get reached(): Promise<void> {
    return this.#promise.promise;
  }

  get isReached(): boolean {
    return this.#isReached;
  }

  reach(): void {
    this.#isReached = true;
    this.#promise.resolve();
  }

  fail(error: unknown): void {
    this.#promise.reject(error);
  }
}

function isConnectionLoss(error: unknown): boolean {
  return PeekError.is(error) && (error.code === "STORAGE_UNAVAILABLE" || error.fields["connectionLost"] === true);
}

/** The message of a failure for users, without addresses and statements. */
function userMessageOf(error: unknown): string {
  if (!PeekError.is(error)) return "Changes in the database cannot be followed";
  if (error.code === "STORAGE_UNAVAILABLE" || error.code === "STORAGE_REFUSED") return "The database cannot be reached";
  if (error.code === "STORAGE_TIMEOUT") return "The database does not answer";
  if (error.fields["sqlState"] === readOnlyState) return "The database is read-only";
  return "Changes in the database cannot be followed";
}

function closed(): PeekError {
  return new PeekError("STORAGE_CLOSED", "The storage is closed: changes of the database are not read any more.");
}
