/** A pool, as a {@link ConnectionBudget} sees it. */
export interface BudgetedPool {
  /** How many connections the server counts, including those that are being opened or closed. */
  readonly connections: number;
  /** How many connections the pool holds: those that are being closed do not count. */
  readonly held: number;
  /** Whether it has an idle connection that none of its own waiters needs. */
  readonly hasIdle: boolean;
  /** Closes an idle connection. */
  evict(): Promise<void>;
  /** Serves as many waiters as the budget allows now. */
  serve(): void;
}

/**
 * Limits the connections of all pools of this process together, where the server allows fewer than the pools may have.
 * A pool that needs a connection when the budget is exhausted gets the one that another pool has idle, or else the next
 * one that is released by a pool with more than its share.
 */
export class ConnectionBudget {
  #limit: number;
  readonly #pools = new Set<BudgetedPool>();
  /** The pools that have waiters. */
  readonly #waiting = new Set<BudgetedPool>();
  #onClosed: (() => void)[] = [];

  /** @param limit The maximum number of connections; Infinity where the server allows enough for all pools. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** A higher limit applies to the next connection that is closed; a lower one closes no connection that is in use. */
  set limit(limit: number) {
    this.#limit = limit;
  }

  add(pool: BudgetedPool): void {
    this.#pools.add(pool);
  }

  remove(pool: BudgetedPool): void {
    this.#pools.delete(pool);
    this.#waiting.delete(pool);
    this.connectionClosed();
  }

  /** Whether no further connection may be opened now. */
  isExhausted(): boolean {
    return this.#limit !== Infinity && this.#sum((pool) => pool.connections) >= this.#limit;
  }

  /** A pool has waiters. Evicts an idle connection of another pool where that is needed. */
  addWaiting(pool: BudgetedPool): void {
    if (this.#limit === Infinity) return;
    this.#waiting.add(pool);
    // A connection that is being closed frees its place without an eviction.
    if (this.#sum((each) => each.held) >= this.#limit) this.#evictIdle(pool);
  }

  /** A pool has no waiters any more. */
  removeWaiting(pool: BudgetedPool): void {
    this.#waiting.delete(pool);
  }

  /** Whether a pool has to close the connection that was released to it, since it has more than its share and others wait. */
  mustClose(pool: BudgetedPool): boolean {
    const others = [...this.#waiting].filter((each) => each !== pool);
    if (others.length === 0 || this.#sum((each) => each.connections) < this.#limit) return false;
    const sharing = [...this.#pools].filter((each) => each.held > 0 || this.#waiting.has(each)).length;
    return pool.held > this.#limit / sharing;
  }

  /** A pool has an idle connection. Evicts it if another pool waits. */
  connectionIdle(pool: BudgetedPool): void {
    const [first] = this.#waiting;
    if (first !== undefined && first !== pool && this.#sum((each) => each.held) >= this.#limit) this.#evict(pool);
  }

  /** A connection was closed: pools that wait may open another. */
  connectionClosed(): void {
    const listeners = this.#onClosed;
    this.#onClosed = [];
    for (const listener of listeners) listener();
    // The pool with the fewest connections first: one with many waits too, and would take the place back at once.
    for (const pool of [...this.#waiting].sort((a, b) => a.held - b.held)) {
      if (this.isExhausted()) return;
      pool.serve();
    }
  }

  /** Waits until a connection is closed, at most for `timeoutMs`. */
  async waitForClosed(timeoutMs: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, timeoutMs);
    this.#onClosed.push(resolve);
    await promise;
    clearTimeout(timer);
  }

  #evictIdle(except: BudgetedPool): void {
    const idle = [...this.#pools].find((pool) => pool !== except && pool.hasIdle);
    if (idle === undefined) return;
    // Moved to the end, so that the next eviction takes another pool's connection.
    this.#pools.delete(idle);
    this.#pools.add(idle);
    this.#evict(idle);
  }

  #evict(pool: BudgetedPool): void {
    // A connection that was lost meanwhile frees its place too.
    pool.evict().catch(() => this.connectionClosed());
  }

  #sum(count: (pool: BudgetedPool) => number): number {
    return [...this.#pools].reduce((sum, pool) => sum + count(pool), 0);
  }
}
