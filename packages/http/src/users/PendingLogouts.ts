import type { UserSource } from "./UserSource.ts";

/** More than that are not kept while nobody can be told; the oldest go first. */
const maxKept = 10_000;
/** So many are told of at a time. */
const atATime = 100;

/** Ends sessions, also while nobody can be told: then they are known here, until somebody can be. */
export class PendingLogouts {
  readonly #source: UserSource;
  readonly #hashes = new Set<string>();

  constructor(source: UserSource) {
    this.#source = source;
  }

  /** Whether a session has been ended here, and its source does not know. */
  has(hash: string): boolean {
    return this.#hashes.has(hash);
  }

  /** @throws What the source throws; it is told another time. */
  async end(hash: string): Promise<void> {
    this.#hashes.add(hash);
    if (this.#hashes.size > maxKept) {
      for (const oldest of this.#hashes) {
        this.#hashes.delete(oldest);
        break;
      }
    }
    await this.#tell(hash);
  }

  /**
   * Tells what is not told yet.
   *
   * @returns Whether there was anything.
   * @throws What the source throws; what is left is told another time.
   */
  async tell(): Promise<boolean> {
    const all = [...this.#hashes];
    for (let from = 0; from < all.length; from += atATime) {
      await Promise.all(all.slice(from, from + atATime).map((hash) => this.#tell(hash)));
    }
    return all.length > 0;
  }

  async #tell(hash: string): Promise<void> {
    await this.#source.logout(hash);
    this.#hashes.delete(hash);
  }
}
