/** The owner of queued items, as a {@link QueueBudget} accounts for it. */
export interface BudgetHolder {
  /** How many characters the owner has queued. Only the budget writes it. */
  queuedChars: number;
}

/** How many characters may be queued under one budget: 64 Mi. */
const maxQueuedChars = 64 * 1024 * 1024;

/** Bounds the memory of queues. A holder may have at most as much as it leaves for the others, so no holder can exhaust the budget. */
export class QueueBudget {
  #chars = 0;

  /** Reserves space. Returns false, and reserves nothing, when the budget does not suffice. */
  reserve(holder: BudgetHolder, chars: number): boolean {
    const left = maxQueuedChars - this.#chars - chars;
    if (holder.queuedChars + chars > left) return false;
    holder.queuedChars += chars;
    this.#chars += chars;
    return true;
  }

  /** Gives back reserved space. */
  release(holder: BudgetHolder, chars: number): void {
    holder.queuedChars -= chars;
    this.#chars -= chars;
  }
}
