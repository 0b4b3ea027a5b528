import { settledOrAborted } from "./settledOrAborted.ts";
import { waitAtMost } from "./waitAtMost.ts";

/** The reactions to plugins that are suspended and resumed. */
export interface PluginSuspensionEvents {
  /** A plugin is suspended, and was not before. Default: nothing happens. */
  onSuspended?(plugin: string): void;
  /** A plugin is no longer suspended. Default: nothing happens. */
  onResumed?(plugin: string): void;
}

interface Suspension {
  /** How many callers have suspended the plugin, and have not resumed it. */
  holders: number;
  readonly over: PromiseWithResolvers<void>;
}

/** The plugins that are suspended in one part of the platform. Suspensions of one plugin may overlap: the last one that ends resumes it. */
export class PluginSuspensions implements Disposable {
  readonly #events: PluginSuspensionEvents;
  readonly #suspensions = new Map<string, Suspension>();
  #isClosed = false;

  constructor(events: PluginSuspensionEvents = {}) {
    this.#events = events;
  }

  /** Suspends a plugin until the result is disposed. Does nothing after {@link Symbol.dispose}. */
  suspend(plugin: string): Disposable {
    if (this.#isClosed) return { [Symbol.dispose]: () => undefined };
    let suspension = this.#suspensions.get(plugin);
    if (suspension === undefined) {
      suspension = { holders: 0, over: Promise.withResolvers() };
      this.#suspensions.set(plugin, suspension);
      this.#events.onSuspended?.(plugin);
    }
    suspension.holders += 1;
    let isOver = false;
    return {
      [Symbol.dispose]: () => {
        if (isOver) return;
        isOver = true;
        suspension.holders -= 1;
        if (suspension.holders === 0) this.#resume(plugin, suspension);
      },
    };
  }

  has(plugin: string): boolean {
    return this.#suspensions.has(plugin);
  }

  /**
   * Waits until a plugin is not suspended, at most for a time.
   *
   * @param signal Ends the wait. Default: none.
   * @returns Whether it is not suspended now; false when the part of the platform has ended meanwhile.
   */
  async resumed(plugin: string, atMostMs: number, signal?: AbortSignal): Promise<boolean> {
    const until = performance.now() + atMostMs;
    for (;;) {
      const suspension = this.#suspensions.get(plugin);
      if (suspension === undefined) return true;
      const leftMs = until - performance.now();
      if (leftMs <= 0 || signal?.aborted === true) return false;
      const { promise } = suspension.over;
      await waitAtMost(leftMs, signal === undefined ? promise : settledOrAborted(promise, signal));
      if (this.#isClosed) return false;
    }
  }

  /** Resolves when the present suspension of a plugin has ended; at once without one. */
  async over(plugin: string): Promise<void> {
    await this.#suspensions.get(plugin)?.over.promise;
  }

  /** Ends all suspensions without an event: the part of the platform ends. */
  [Symbol.dispose](): void {
    this.#isClosed = true;
    for (const { over } of this.#suspensions.values()) over.resolve();
    this.#suspensions.clear();
  }

  #resume(plugin: string, suspension: Suspension): void {
    if (this.#suspensions.get(plugin) !== suspension) return;
    this.#suspensions.delete(plugin);
    this.#events.onResumed?.(plugin);
    suspension.over.resolve();
  }
}
