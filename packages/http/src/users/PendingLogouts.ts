import type { AuthenticationBackend } from "./AuthenticationBackend.ts";

const maxPending = 10_000;
const maxConcurrentCalls = 100;

/** Ends sessions, also while logic cannot be reached: then it remembers them, and retries later. */
export class PendingLogouts {
  readonly #backend: AuthenticationBackend;
  /** The oldest ones come first, and are dropped first. */
  readonly #hashes = new Set<string>();

  constructor(backend: AuthenticationBackend) {
    this.#backend = backend;
  }

  /** Whether a session was ended here, but not yet on logic. */
  has(hash: string): boolean {
    return this.#hashes.has(hash);
  }

  /** Ends a session. @throws PeekError of the backend; the logout stays pending then. */
  async end(hash: string): Promise<void> {
    this.#hashes.add(hash);
    if (this.#hashes.size > maxPending) {
      for (const oldest of this.#hashes) {
        this.#hashes.delete(oldest);
        break;
      }
    }
    await this.#logOut(hash);
  }

  /**
   * Retries the pending logouts.
   *
   * @returns Whether there were any.
   * @throws PeekError of the backend; the rest stays pending.
   */
  async retry(): Promise<boolean> {
    const all = [...this.#hashes];
    for (let from = 0; from < all.length; from += maxConcurrentCalls) {
      await Promise.all(all.slice(from, from + maxConcurrentCalls).map((hash) => this.#logOut(hash)));
    }
    return all.length > 0;
  }

  async #logOut(hash: string): Promise<void> {
    await this.#backend.logout(hash);
    this.#hashes.delete(hash);
  }
}
