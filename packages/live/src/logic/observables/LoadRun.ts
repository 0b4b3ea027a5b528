import { PeekError } from "@peek/errors";
import type { ContextRunner } from "@peek/kit";

/** One run of a provider's `load`. It is waited for until it has ended, is given up, or takes too long. */
export class LoadRun {
  readonly #run: ContextRunner;
  readonly #signal = new AbortController();
  readonly #result = Promise.withResolvers<unknown>();
  readonly #ended = Promise.withResolvers<void>();
  readonly #deadline: NodeJS.Timeout;
  #isOver = false;

  /**
   * @param load Told by its signal that it is not waited for any more.
   * @param run Runs the plugin's code in its own async context.
   */
  constructor(load: (signal: AbortSignal) => unknown, run: ContextRunner, deadlineMs: number) {
    this.#run = run;
    this.#deadline = setTimeout(() => this.#late(deadlineMs), deadlineMs).unref();
    void this.#load(load);
  }

  /** What it gives. Rejects as it does, with why it was given up, or with PeekError `DEADLINE_EXCEEDED`. */
  get result(): Promise<unknown> {
    return this.#result.promise;
  }

  /** Settles when it does not run any more, or too long. */
  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  /** Nobody waits for what it gives any more. */
  giveUp(error: PeekError): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#run(() => this.#signal.abort(error));
    this.#result.reject(error);
  }

  /** Never rejects. */
  async #load(load: (signal: AbortSignal) => unknown): Promise<void> {
    try {
      this.#result.resolve(await this.#run(() => load(this.#signal.signal)));
    } catch (error) {
      this.#result.reject(error);
    }
    this.#isOver = true;
    clearTimeout(this.#deadline);
    this.#ended.resolve();
  }

  #late(ms: number): void {
    this.giveUp(new PeekError("DEADLINE_EXCEEDED", `load() has not ended within ${ms} ms, and is given up.`));
    this.#ended.resolve();
  }
}
