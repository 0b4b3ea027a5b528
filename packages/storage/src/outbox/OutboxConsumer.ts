import type { PooledConnection } from "../pool/PooledConnection.ts";
import { OutboxSession } from "./OutboxSession.ts";
import type { TriggerReconciler } from "./TriggerReconciler.ts";
import type { WatcherRegistry } from "./WatcherRegistry.ts";

/** The default of {@link OutboxConsumerOptions.cleanupIntervalMs}. */
export const defaultCleanupIntervalMs = 2000;
/** The interval of checking whether transactions have ended whose changes are not in the outbox. */
const checkUncapturedMs = 250;

/** The options of an {@link OutboxConsumer}. */
export interface OutboxConsumerOptions {
  readonly connection: PooledConnection;
  readonly watchers: WatcherRegistry;
  readonly reconciler: TriggerReconciler;
  /**
   * The interval of removing changes that were read. A reader that has not polled for longer may have missed changes that
   * another reader has removed.
   */
  readonly cleanupIntervalMs: number;
}

/** Consumes the outbox on one connection: notifies watchers, removes changes that were read, and repairs triggers. */
export class OutboxConsumer {
  readonly session: OutboxSession;
  readonly #options: OutboxConsumerOptions;
  /** Transactions that began while no reader was present: the outbox may lack their changes. */
  #uncaptured: readonly string[];
  #polledAt = performance.now();
  #cleanedUpAt = performance.now();
  #checkedAt = performance.now();

  private constructor(session: OutboxSession, options: OutboxConsumerOptions, uncaptured: readonly string[]) {
    this.session = session;
    this.#options = options;
    this.#uncaptured = uncaptured;
  }

  /** Begins with the changes that are committed from now on; notifies all watchers, since they may have missed some. */
  static async begin(options: OutboxConsumerOptions): Promise<OutboxConsumer> {
    const { connection, watchers, reconciler } = options;
    const session = await OutboxSession.begin(connection);
    await session.requestNotifications(true);
    const uncaptured = (await session.resetUnreadCount()) ? [] : await session.runningTransactions();
    await reconciler.reconcile(connection);
    watchers.notifyAll();
    return new OutboxConsumer(session, options, uncaptured);
  }

  /** Reads and passes on the changes that were committed since the last poll. @returns Whether there were any. */
  async poll(): Promise<boolean> {
    const { changes, complete } = await this.session.read();
    const now = performance.now();
    const { watchers, cleanupIntervalMs } = this.#options;
    if (now - this.#polledAt > cleanupIntervalMs && !this.session.hasCleanupLock) watchers.notifyAll();
    else watchers.notify(changes);
    this.#polledAt = now;
    if (!complete) await this.#handleOverflow();
    await this.#maintain(now);
    return changes.length > 0;
  }

  async #maintain(now: number): Promise<void> {
    const { connection, reconciler, cleanupIntervalMs } = this.#options;
    if (now - this.#cleanedUpAt >= cleanupIntervalMs) {
      this.#cleanedUpAt = now;
      await this.#cleanUp();
    }
    if (this.#uncaptured.length > 0 && now - this.#checkedAt >= checkUncapturedMs) {
      this.#checkedAt = now;
      const remaining = await this.session.runningTransactions(this.#uncaptured);
      // A transaction that was prepared goes on under another id.
      if (remaining.join() !== this.#uncaptured.join()) this.#options.watchers.notifyAll();
      this.#uncaptured = remaining;
    }
    if (reconciler.isDue(now)) await reconciler.reconcile(connection);
  }

  async #cleanUp(): Promise<void> {
    const { session } = this;
    const { watchers, cleanupIntervalMs } = this.#options;
    if (!session.hasCleanupLock) {
      await session.tryAcquireCleanupLock();
      // Until now, another reader may have removed changes that this one had not read.
      if (session.hasCleanupLock && performance.now() - this.#polledAt > cleanupIntervalMs) watchers.notifyAll();
    }
    await session.cleanUp();
  }

  /** The outbox was full: triggers have not recorded all changes. */
  async #handleOverflow(): Promise<void> {
    this.#uncaptured = await this.session.runningTransactions();
    this.#options.watchers.notifyAll();
  }
}
