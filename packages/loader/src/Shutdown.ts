/** The least time that a step of the end gets when the time for all of them is used up. */
const leastMs = 50;

/** Whether all plugins are being stopped, and how much of the time for that is left. */
export class Shutdown {
  #endsAt: number | undefined;

  /** Whether it has begun. */
  get hasBegun(): boolean {
    return this.#endsAt !== undefined;
  }

  /** Begins the shutdown, which may take `budgetMs` from now on. Does nothing when it has begun before. */
  begin(budgetMs: number): void {
    this.#endsAt ??= performance.now() + budgetMs;
  }

  /**
   * How much of `ms` one step of a plugin's end may take. During a shutdown, no more than is left of its budget, but at
   * least a moment: a step that takes no time is still done.
   */
  within(ms: number): number {
    if (this.#endsAt === undefined) return ms;
    return Math.min(ms, Math.max(leastMs, this.#endsAt - performance.now()));
  }

  /** Whether the budget is used up. */
  isOverdue(): boolean {
    return this.#endsAt !== undefined && performance.now() >= this.#endsAt;
  }
}
