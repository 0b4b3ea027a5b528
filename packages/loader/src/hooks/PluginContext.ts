import { AsyncLocalStorage } from "node:async_hooks";

/**
 * Knows which plugin's code is running: the timers, promises and listeners that a plugin creates in its hooks carry its
 * name along. They carry only the name, since it lives as long as the slowest timer.
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
