import { setTimeout } from "node:timers/promises";

/** How often, and how long in all, an import is tried again; milliseconds. */
const tries = 20;
const firstWaitMs = 5;

/** Imports plugins' modules, side by side. */
export class ModuleImporter {
  readonly #underWay = new Set<Promise<object>>();
  readonly #retried = new WeakSet<object>();

  /** Whether an error is one that an import was tried again for. Node also reports it as a rejection of its own. */
  isRetried(error: object): boolean {
    return this.#retried.has(error);
  }

  /** The module of a URL. Throws what its code throws. */
  async import(url: string): Promise<object> {
    for (let attempt = 0; ; attempt += 1) {
      try {
        // The query makes it another module: Node keeps the failure of the one before.
        return await this.#track(import(attempt === 0 ? url : `${url}?again=${attempt}`));
      } catch (error) {
        if (!isRace(error) || attempt === tries) throw error;
        this.#retried.add(error);
        await this.#othersToSettle(firstWaitMs * (attempt + 1));
      }
    }
  }

  /**
   * A CommonJS file required a module that another import had loaded by half. That one is whole when all imports that
   * are under way have settled, and most likely some time before: one of them may never settle.
   */
  async #othersToSettle(ms: number): Promise<void> {
    const abort = new AbortController();
    const { signal } = abort;
    const waited = setTimeout(ms, undefined, { signal });
    await Promise.race([Promise.allSettled(this.#underWay), waited]);
    abort.abort();
    await Promise.allSettled([waited]);
  }

  async #track(module: Promise<object>): Promise<object> {
    this.#underWay.add(module);
    try {
      return await module;
    } finally {
      this.#underWay.delete(module);
    }
  }
}

function isRace(error: unknown): error is Error {
  return error instanceof Error && "code" in error && error.code === "ERR_REQUIRE_ESM_RACE_CONDITION";
}
