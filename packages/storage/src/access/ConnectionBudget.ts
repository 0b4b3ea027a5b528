/** A pool as far as its share of a {@link ConnectionBudget} goes. */
export interface BudgetedPool {
  /** How many connections the server counts: also those that are being made, or closed. */
  readonly connections: number;
  /** How many it keeps. */
  readonly kept: number;
  /** Whether it has a connection that nobody uses or waits for. */
  readonly hasIdle: boolean;
  /** Whether it makes another connection when it is asked for one. */
  readonly grows: boolean;
  /** Closes a connection that nobody uses. */
  evict(): Promise<void>;
}

/** How often who waits looks again, should nobody tell; milliseconds. */
const lookMs = 50;

/**
 * How many connections all pools of this process may have together, where the server allows fewer than they have room
 * for. One that needs another when all are given out gets that of a pool which has one idle, or waits.
 */
export class ConnectionBudget {
  readonly #limit: number;
  readonly #pools = new Set<BudgetedPool>();
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
    this.pulse();
  }

  /** Something was given back. */
  pulse(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const look of waiting) look();
  }

  /** Whether a pool that is asked for a connection now would make one more than there may be. */
  isOver(pool: BudgetedPool): boolean {
    if (this.#limit === Infinity || pool.hasIdle || !pool.grows) return false;
    return this.#sum((each) => each.connections) >= this.#limit;
  }

  /** Does what helps a pool that is over, and waits for it; a little while at most. */
  async makeRoom(pool: BudgetedPool, leftMs: number): Promise<void> {
    // What is closing already makes room by itself.
    if (this.#sum((each) => each.kept) >= this.#limit) await this.#evictIdle(pool);
    if (this.isOver(pool)) await this.wait(Math.min(leftMs, lookMs));
  }

  /** Waits until something was given back, or for the time. */
  async wait(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, ms);
    this.#waiting.push(resolve);
    await promise;
    clearTimeout(timer);
  }

  async #evictIdle(besides: BudgetedPool): Promise<void> {
    const idle = [...this.#pools].find((pool) => pool !== besides && pool.hasIdle);
    if (idle === undefined) return;
    // Of those that have idle ones, the next time another gives.
    this.#pools.delete(idle);
    this.#pools.add(idle);
    await idle.evict();
  }

  #sum(count: (pool: BudgetedPool) => number): number {
    return [...this.#pools].reduce((sum, pool) => sum + count(pool), 0);
  }
}
