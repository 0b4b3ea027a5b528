import { setImmediate } from "node:timers/promises";
import { maxHashes } from "./UsersRpc.ts";
import type { KnownSession, UserSource } from "./UserSource.ts";

/** So many may wait for an answer. */
const maxAsked = 20_000;

/** Asks for many sessions by few calls. */
export class ValidationBatch {
  readonly #source: UserSource;
  readonly #asked = new Map<string, Promise<KnownSession | null>>();
  #next: { readonly hashes: string[]; readonly answers: Promise<readonly (KnownSession | null)[]> } | undefined;

  constructor(source: UserSource) {
    this.#source = source;
  }

  /**
   * Asks for one session, together with those that others ask for at the same time.
   *
   * @returns undefined when too many are asked for already.
   * @throws What the source throws.
   */
  async ask(hash: string): Promise<KnownSession | null | undefined> {
    const before = this.#asked.get(hash);
    if (before !== undefined) return await before;
    if (this.#asked.size >= maxAsked) return undefined;
    const answer = this.#join(hash);
    this.#asked.set(hash, answer);
    try {
      return await answer;
    } finally {
      this.#asked.delete(hash);
    }
  }

  /** @throws What the source throws. */
  async askAll(hashes: readonly string[]): Promise<readonly (KnownSession | null)[]> {
    const answers: (KnownSession | null)[] = [];
    for (let from = 0; from < hashes.length; from += maxHashes) {
      answers.push(...(await this.#source.validate(hashes.slice(from, from + maxHashes))));
    }
    return answers;
  }

  async #join(hash: string): Promise<KnownSession | null> {
    this.#next ??= this.#open();
    const { hashes, answers } = this.#next;
    const at = hashes.push(hash) - 1;
    return (await answers)[at] ?? null;
  }

  #open(): { readonly hashes: string[]; readonly answers: Promise<readonly (KnownSession | null)[]> } {
    const hashes: string[] = [];
    const answers = (async () => {
      await setImmediate();
      this.#next = undefined;
      return await this.askAll(hashes);
    })();
    return { hashes, answers };
  }
}
