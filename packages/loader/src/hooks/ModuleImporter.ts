import { setTimeout } from "node:timers/promises";

/** How many times an import is repeated, and the wait before the first repetition, which grows with each. */
const maxRetries = 20;
const firstWaitMs = 5;

/** Imports the modules of plugins, in parallel. */
export class ModuleImporter {
  readonly #pending = new Set<Promise<object>>();
  readonly #retried = new WeakSet<object>();

  /** Whether an import was repeated because of this error. Node also reports it as an unhandled rejection. */
  isRetried(error: object): boolean {
    return this.#retried.has(error);
  }

  /** Imports the module of a URL. Throws the errors of its code. */
  async import(url: string): Promise<object> {
    for (let attempt = 0; ; attempt += 1) {
      try {
        // The query makes it a different module: Node caches the failure of the first one.
        return await this.#track(
          import(attempt === 0 ? url : `${url}${url.includes("?") ? "&" : "?"}again=${attempt}`),
        );
      } catch (error) {
        if (!isRaceCondition(error) || attempt === maxRetries) throw error;
        this.#retried.add(error);
        await this.#settleOthers(firstWaitMs * (attempt + 1));
      }
    }
  }

  /**
   * Waits for a module that another import had loaded by half when a CommonJS file required it. It is complete when all
   * pending imports have settled, and most likely some time before; one of them may never settle.
   */
  async #settleOthers(ms: number): Promise<void> {
    const abort = new AbortController();
    const { signal } = abort;
    const waited = setTimeout(ms, undefined, { signal });
    await Promise.race([Promise.allSettled(this.#pending), waited]);
    abort.abort();
    await Promise.allSettled([waited]);
  }

  async #track(module: Promise<object>): Promise<object> {
    this.#pending.add(module);
    try {
      return await module;
    } finally {
      this.#pending.delete(module);
    }
  }
}

function isRaceCondition(error: unknown): error is Error {
  return error instanceof Error && "code" in error && error.code === "ERR_REQUIRE_ESM_RACE_CONDITION";
}
