import type { LentClient } from "../access/LentClient.ts";
import { OutboxSession } from "./OutboxSession.ts";
import type { TableUpkeep } from "./TableUpkeep.ts";
import type { Watchers } from "./Watchers.ts";

/** How often what was read is removed, and how long a reader may not look without missing what others remove; milliseconds. */
const removeMs = 2000;
/** How often it is asked whether transactions have ended of which nothing is told; milliseconds. */
const askMs = 250;

/** What a {@link Reading} is made of. */
export interface ReadingOptions {
  readonly lent: LentClient;
  readonly watchers: Watchers;
  readonly upkeep: TableUpkeep;
}

/** What is read on one connection, as long as that lasts. */
export class Reading {
  readonly session: OutboxSession;
  readonly #options: ReadingOptions;
  /** Transactions that began when nothing was written for anybody to read: what they change is not told. */
  #unseen: readonly string[];
  #lookedAt = performance.now();
  #removedAt = performance.now();
  #askedAt = performance.now();

  private constructor(session: OutboxSession, options: ReadingOptions, unseen: readonly string[]) {
    this.session = session;
    this.#options = options;
    this.#unseen = unseen;
  }

  static async begin(options: ReadingOptions): Promise<Reading> {
    const { lent, watchers, upkeep } = options;
    const session = await OutboxSession.begin(lent);
    await session.setAsleep(true);
    const unseen = (await session.present()) ? [] : await session.running();
    await upkeep.check(lent);
    watchers.tellAll();
    return new Reading(session, options, unseen);
  }

  /** @returns Whether anything was committed. */
  async look(): Promise<boolean> {
    const { changes, complete } = await this.session.read();
    const now = performance.now();
    const { watchers } = this.#options;
    if (now - this.#lookedAt > removeMs && !this.session.removesAlone) watchers.tellAll();
    else watchers.tell(changes);
    this.#lookedAt = now;
    if (!complete) await this.#wasAbsent();
    await this.#tidy(now);
    return changes.length > 0;
  }

  async #tidy(now: number): Promise<void> {
    if (now - this.#removedAt >= removeMs) {
      this.#removedAt = now;
      await this.#remove();
    }
    if (this.#unseen.length > 0 && now - this.#askedAt >= askMs) {
      this.#askedAt = now;
      const left = await this.session.running(this.#unseen);
      // One that was prepared goes on under another name.
      if (left.join() !== this.#unseen.join()) this.#options.watchers.tellAll();
      this.#unseen = left;
    }
    const { lent, upkeep } = this.#options;
    if (upkeep.isDue(now)) await upkeep.check(lent);
  }

  async #remove(): Promise<void> {
    if (!this.session.removesAlone) {
      await this.session.tryToRemoveAlone();
      // Until then, another may have removed what this one had not read.
      if (this.session.removesAlone && performance.now() - this.#lookedAt > removeMs) this.#options.watchers.tellAll();
    }
    await this.session.remove();
  }

  async #wasAbsent(): Promise<void> {
    this.#unseen = await this.session.running();
    this.#options.watchers.tellAll();
  }
}
