import type { WatchedTables } from "@peek/plugin-base/internal";
import type { OutboxPoller } from "./OutboxPoller.ts";
import type { Watcher, WatcherRegistry } from "./WatcherRegistry.ts";

/** The tables of one watcher, until it is disposed. */
export class TableWatch implements WatchedTables {
  readonly #watcher: Watcher;
  readonly #watchers: WatcherRegistry;
  readonly #poller: OutboxPoller;
  readonly #held: AsyncDisposable;

  /** @param held Disposed with this. */
  constructor(watcher: Watcher, watchers: WatcherRegistry, poller: OutboxPoller, held: AsyncDisposable) {
    this.#watcher = watcher;
    this.#watchers = watchers;
    this.#poller = poller;
    this.#held = held;
  }

  get reportedUntil(): number {
    return Math.min(this.#poller.readUntil, this.#watchers.gapOf(this.#watcher)?.since ?? Infinity);
  }

  get trouble(): string | undefined {
    return this.#poller.trouble ?? this.#watchers.gapOf(this.#watcher)?.reason;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#held[Symbol.asyncDispose]();
  }
}
