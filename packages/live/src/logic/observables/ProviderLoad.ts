import { PeekError } from "@peek/errors";
import type { ContextRunner } from "@peek/kit";

/** One call of a provider's load(). It is awaited until it returns, is aborted, or exceeds its deadline. */
export class ProviderLoad {
  readonly #run: ContextRunner;
  readonly #signal = new AbortController();
  readonly #result = Promise.withResolvers<unknown>();
  readonly #ended = Promise.withResolvers<void>();
  readonly #deadline: NodeJS.Timeout;
  #isOver = false;

  /** @param run Runs the plugin's code in its own async context. */
  constructor(load: (signal: AbortSignal) => unknown, run: ContextRunner, deadlineMs: number) {
    this.#run = run;
    this.#deadline = setTimeout(() => this.#onDeadline(deadlineMs), deadlineMs).unref();
    void this.#load(load);
  }

  /** Rejects with the error of load(), the reason of an abort, or PeekError `DEADLINE_EXCEEDED`. */
  get result(): Promise<unknown> {
    return this.#result.promise;
  }

  /** Resolves when load() has returned, or has exceeded its deadline. */
  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  /** Nobody waits for the result any more. */
  abort(error: PeekError): void {
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

  #onDeadline(ms: number): void {
    this.abort(new PeekError("DEADLINE_EXCEEDED", `load() did not return within ${ms} ms.`));
    this.#ended.resolve();
  }
}
