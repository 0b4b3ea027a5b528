/** The longest delay of the first attempt after a lost connection. */
const firstMaxMs = 300;
/** The longest delay of the second attempt; it doubles with each further one. */
const secondMaxMs = 500;
const longestMaxMs = 8000;

/** The delays between attempts to connect: exponential backoff with full jitter, so that many clients do not return at once. */
export class ReconnectBackoff {
  #attempts = 0;

  nextDelayMs(): number {
    const maxMs = this.#attempts === 0 ? firstMaxMs : Math.min(longestMaxMs, secondMaxMs * 2 ** (this.#attempts - 1));
    this.#attempts += 1;
    return Math.random() * maxMs;
  }

  reset(): void {
    this.#attempts = 0;
  }

  /** Makes the next delays long. */
  slowDown(): void {
    this.#attempts = Math.max(this.#attempts, 5);
  }
}
