/** A pool as far as its share of a {@link ConnectionBudget} goes. */
export interface BudgetedPool {
  /** How many connections the server counts: also those that are being made, or closed. */
  readonly connections: number;
  /** How many it keeps. */
  readonly kept: number;
  /** Whether it has a connection that nobody uses or waits for. */
  readonly hasIdle: boolean;
  /** Closes a connection that nobody uses. */
  evict(): Promise<void>;
  /** Gives those who wait what can be had now. */
  serve(): void;
}

/**
 * How many connections all pools of this process may have together, where the server allows fewer than they have room
 * for. One that needs another when all are given out gets that of a pool which has one idle; or which has more than its
 * share, as soon as that is given back.
 */
export class ConnectionBudget {
  readonly #limit: number;
  readonly #pools = new Set<BudgetedPool>();
  /** Those that wait. */
  readonly #wanting = new Set<BudgetedPool>();
  #waiting: (() => void)[] = [];

  /** @param limit How many; Infinity where there are enough for all. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  add(pool: BudgetedPool): void {
    this.#pools.add(pool);
  }

  remove(pool: BudgetedPool): void {
    this.#pools.delete(pool);
    this.#wanting.delete(pool);
    this.pulse();
  }

  /** Whether no further connection may be made now. */
  isSpent(): boolean {
    return this.#limit !== Infinity && this.#sum((pool) => pool.connections) >= this.#limit;
  }

  /** A pool waits for a connection. */
  wantedBy(pool: BudgetedPool): void {
    if (this.#limit === Infinity) return;
    this.#wanting.add(pool);
    // What is closing already makes room by itself.
    if (this.#sum((each) => each.kept) >= this.#limit) this.#evictIdle(pool);
  }

  /** Nobody waits in a pool any more. */
  satisfied(pool: BudgetedPool): void {
    this.#wanting.delete(pool);
  }

  /** Whether a pool is to close a connection that it was given back, since others wait and it has more than its share. */
  isOwedBy(pool: BudgetedPool): boolean {
    const others = [...this.#wanting].filter((each) => each !== pool);
    if (others.length === 0 || this.#sum((each) => each.connections) < this.#limit) return false;
    const sharing = [...this.#pools].filter((each) => each.kept > 0 || this.#wanting.has(each)).length;
    return pool.kept > this.#limit / sharing;
  }

  /** A pool has a connection that it does not use. */
  offer(pool: BudgetedPool): void {
    const [first] = this.#wanting;
    if (first !== undefined && first !== pool && this.#sum((each) => each.kept) >= this.#limit) this.#evict(pool);
  }

  /** A connection was closed. */
  pulse(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const look of waiting) look();
    // Who has least is served first: who has much waits too, and would take it back at once.
    for (const pool of [...this.#wanting].sort((a, b) => a.kept - b.kept)) {
      if (this.isSpent()) return;
      pool.serve();
    }
  }

  /** Waits until a connection was closed, or for the time. */
  async wait(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, ms);
    this.#waiting.push(resolve);
    await promise;
    clearTimeout(timer);
  }

  #evictIdle(besides: BudgetedPool): void {
    const idle = [...this.#pools].find((pool) => pool !== besides && pool.hasIdle);
    if (idle === undefined) return;
    // Of those that have idle ones, the next time another gives.
    this.#pools.delete(idle);
    this.#pools.add(idle);
    this.#evict(idle);
  }

  #evict(pool: BudgetedPool): void {
    // One that was lost meanwhile makes room all the same.
    pool.evict().catch(() => this.pulse());
  }

  #sum(count: (pool: BudgetedPool) => number): number {
    return [...this.#pools].reduce((sum, pool) => sum + count(pool), 0);
  }
}
