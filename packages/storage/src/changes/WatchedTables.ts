import type { FollowedTables } from "@peek/plugin-base/internal";
import type { ChangeReader } from "./ChangeReader.ts";
import type { Watcher, Watchers } from "./Watchers.ts";

/** What one watcher follows. */
export class WatchedTables implements FollowedTables {
  readonly #watcher: Watcher;
  readonly #watchers: Watchers;
  readonly #reader: ChangeReader;
  readonly #held: AsyncDisposable;

  /** @param held Disposed with this. */
  constructor(watcher: Watcher, watchers: Watchers, reader: ChangeReader, held: AsyncDisposable) {
    this.#watcher = watcher;
    this.#watchers = watchers;
    this.#reader = reader;
    this.#held = held;
  }

  get toldUntil(): number {
    return Math.min(this.#reader.toldUntil, this.#watchers.gapOf(this.#watcher)?.since ?? Infinity);
  }

  get trouble(): string | undefined {
    return this.#reader.trouble ?? this.#watchers.gapOf(this.#watcher)?.trouble;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#held[Symbol.asyncDispose]();
  }
}
