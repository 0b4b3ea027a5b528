/** One on whose behalf something waits. */
export interface BudgetHolder {
  /** How many characters wait on its behalf; the room's own. */
  queuedChars: number;
}

/** How many characters may wait in one room: 64 Mi. */
const maxQueuedChars = 64 * 1024 * 1024;

/** Bounds what is kept until it is its turn: each may have as much as is left then for the others, so that nobody fills it up. */
export class QueueBudget {
  #chars = 0;

  /** Returns whether there is room. */
  enter(holder: BudgetHolder, chars: number): boolean {
    const left = maxQueuedChars - this.#chars - chars;
    if (holder.queuedChars + chars > left) return false;
    holder.queuedChars += chars;
    this.#chars += chars;
    return true;
  }

  leave(holder: BudgetHolder, chars: number): void {
    holder.queuedChars -= chars;
    this.#chars -= chars;
  }
}
