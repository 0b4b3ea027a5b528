import { PeekError } from "@peek/errors";
import type { BudgetedPool, ConnectionBudget } from "./ConnectionBudget.ts";

/** Counts the connections that threads open themselves against the {@link ConnectionBudget} of their process. */
export class ThreadConnections implements BudgetedPool, Disposable {
  readonly #budget: ConnectionBudget;
  readonly #timeoutMs: number;
  readonly #waiters: (() => void)[] = [];
  #count = 0;

  /** @param timeoutMs The maximum time that {@link reserve} waits. */
  constructor(budget: ConnectionBudget, timeoutMs: number) {
    this.#budget = budget;
    this.#timeoutMs = timeoutMs;
    budget.add(this);
  }

  get connections(): number {
    return this.#count;
  }

  get held(): number {
    return this.#count;
  }

  readonly hasIdle = false;

  async evict(): Promise<void> {
    // None of them is idle.
  }

  serve(): void {
    while (this.#waiters.length > 0 && !this.#budget.isExhausted()) {
      this.#count += 1;
      this.#waiters.shift()?.();
    }
    if (this.#waiters.length === 0) this.#budget.removeWaiting(this);
  }

  /**
   * Waits until the budget allows one more connection, and reserves it until the returned value is disposed.
   *
   * @throws PeekError `STORAGE_BUSY`; the signal's reason.
   */
  async reserve(title: string, signal: AbortSignal): Promise<Disposable> {
    signal.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const leave = (error: unknown): void => {
      const at = this.#waiters.indexOf(resolve);
      if (at >= 0) this.#waiters.splice(at, 1);
      reject(error);
    };
    const onAbort = (): void => leave(signal.reason);
    const timer = setTimeout(() => leave(this.#busy(title)), this.#timeoutMs);
    signal.addEventListener("abort", onAbort, { once: true });
    this.#waiters.push(resolve);
    this.serve();
    if (this.#waiters.includes(resolve)) this.#budget.addWaiting(this);
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
        this.#budget.connectionClosed();
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
