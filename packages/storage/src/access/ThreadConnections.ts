import { PeekError } from "@peek/errors";
import type { BudgetedPool, ConnectionBudget } from "./ConnectionBudget.ts";

/** The connections that threads make themselves, as far as the {@link ConnectionBudget} goes: they are counted here. */
export class ThreadConnections implements BudgetedPool, Disposable {
  readonly #budget: ConnectionBudget;
  readonly #timeoutMs: number;
  readonly #waiting: (() => void)[] = [];
  #count = 0;

  /** @param timeoutMs How long one is waited for; milliseconds. */
  constructor(budget: ConnectionBudget, timeoutMs: number) {
    this.#budget = budget;
    this.#timeoutMs = timeoutMs;
    budget.add(this);
  }

  get connections(): number {
    return this.#count;
  }

  get kept(): number {
    return this.#count;
  }

  readonly hasIdle = false;

  async evict(): Promise<void> {
    // None of them is idle.
  }

  serve(): void {
    while (this.#waiting.length > 0 && !this.#budget.isSpent()) {
      this.#count += 1;
      this.#waiting.shift()?.();
    }
    if (this.#waiting.length === 0) this.#budget.satisfied(this);
  }

  /**
   * Waits until there is room for one more connection, which is kept until what is returned is disposed.
   *
   * @throws PeekError `STORAGE_BUSY`; the signal's reason.
   */
  async reserve(title: string, signal: AbortSignal): Promise<Disposable> {
    signal.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const giveUp = (error: unknown): void => {
      const at = this.#waiting.indexOf(resolve);
      if (at >= 0) this.#waiting.splice(at, 1);
      reject(error);
    };
    const onAbort = (): void => giveUp(signal.reason);
    const timer = setTimeout(() => giveUp(this.#busy(title)), this.#timeoutMs);
    signal.addEventListener("abort", onAbort, { once: true });
    this.#waiting.push(resolve);
    this.serve();
    if (this.#waiting.includes(resolve)) this.#budget.wantedBy(this);
    try {
      await promise;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
    }
    let isHeld = true;
    return {
      [Symbol.dispose]: () => {
        if (!isHeld) return;
        isHeld = false;
        this.#count -= 1;
        this.#budget.pulse();
      },
    };
  }

  [Symbol.dispose](): void {
    this.#budget.remove(this);
  }

  #busy(title: string): PeekError {
    return new PeekError(
      "STORAGE_BUSY",
      `No database connection for a thread of ${title} within ${this.#timeoutMs / 1000} s: the connections that the server allows are in use. Raise max_connections on the server, or run fewer heavy tasks at a time (tasks.threads in config.json).`,
      { fields: { title } },
    );
  }
}
