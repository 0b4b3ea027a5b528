import { AsyncLocalStorage } from "node:async_hooks";

/**
 * Knows whose code is running: whatever a plugin begins in its hooks (timers, promises, listeners) carries its name
 * along. The name and nothing else, since what is carried lives as long as the slowest timer.
 */
export class PluginContext {
  readonly #storage = new AsyncLocalStorage<string>();

  /** Runs a function as code of a plugin. */
  run<T>(pluginName: string, work: () => T): T {
    return this.#storage.run(pluginName, work);
  }

  /** The plugin whose code is running, if any. */
  current(): string | undefined {
    return this.#storage.getStore();
  }
}
