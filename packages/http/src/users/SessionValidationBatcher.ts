import { setImmediate } from "node:timers/promises";
import type { AuthenticationBackend, ValidSession } from "./AuthenticationBackend.ts";
import { maxHashes } from "./UsersRpc.ts";

const maxPending = 20_000;

interface Batch {
  readonly hashes: string[];
  readonly results: Promise<readonly (ValidSession | null)[]>;
}

/** Validates many sessions by few calls. */
export class SessionValidationBatcher {
  readonly #backend: AuthenticationBackend;
  readonly #pending = new Map<string, Promise<ValidSession | null>>();
  #next: Batch | undefined;

  constructor(backend: AuthenticationBackend) {
    this.#backend = backend;
  }

  /**
   * Validates a session together with others of the same tick.
   *
   * @returns null for an ended session; undefined when too many validations are pending.
   * @throws PeekError of the backend.
   */
  async validate(hash: string): Promise<ValidSession | null | undefined> {
    const pending = this.#pending.get(hash);
    if (pending !== undefined) return await pending;
    if (this.#pending.size >= maxPending) return undefined;
    const result = this.#join(hash);
    this.#pending.set(hash, result);
    try {
      return await result;
    } finally {
      this.#pending.delete(hash);
    }
  }

  /** @throws PeekError of the backend. */
  async validateAll(hashes: readonly string[]): Promise<readonly (ValidSession | null)[]> {
    const results: (ValidSession | null)[] = [];
    for (let from = 0; from < hashes.length; from += maxHashes) {
      results.push(...(await this.#backend.validate(hashes.slice(from, from + maxHashes))));
    }
    return results;
  }

  async #join(hash: string): Promise<ValidSession | null> {
    this.#next ??= this.#open();
    const { hashes, results } = this.#next;
    const index = hashes.push(hash) - 1;
    return (await results)[index] ?? null;
  }

  #open(): Batch {
    const hashes: string[] = [];
    const results = (async () => {
      await setImmediate();
      this.#next = undefined;
      return await this.validateAll(hashes);
    })();
    return { hashes, results };
  }
}
