import type { Allowance } from "./Allowance.ts";

/** What a subscription takes of its user's {@link Allowance}: once, and nothing when it asks for what others watch. */
export class Fee {
  readonly #allowance: Allowance;
  #isPaid: boolean;

  /** @param isPaid Whether it has been let in before. */
  constructor(allowance: Allowance, isPaid: boolean) {
    this.#allowance = allowance;
    this.#isPaid = isPaid;
  }

  /** Returns whether it is paid. */
  tryPay(): boolean {
    this.#isPaid ||= this.#allowance.tryTake();
    return this.#isPaid;
  }

  /**
   * Waits until it is paid.
   *
   * @throws The signal's reason.
   */
  async pay(signal: AbortSignal): Promise<void> {
    if (this.#isPaid) return;
    await this.#allowance.take(signal);
    this.#isPaid = true;
  }
}
