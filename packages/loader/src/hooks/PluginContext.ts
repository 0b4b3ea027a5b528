import { AsyncLocalStorage } from "node:async_hooks";

/** Identifies one generation of a plugin. */
export interface GenerationId {
  readonly name: string;
  /** 1 for the first one of the plugin in this process. */
  readonly generation: number;
}

/**
 * Knows which plugin's code is running: the timers, promises and listeners that a plugin creates in its hooks carry its name
 * and generation along. They carry nothing else, since it lives as long as the slowest timer.
 */
export class PluginContext {
  readonly #storage = new AsyncLocalStorage<GenerationId>();

  /** Runs a function as code of a generation of a plugin. */
  run<T>({ name, generation }: GenerationId, work: () => T): T {
    return this.#storage.run({ name, generation }, work);
  }

  /** The generation whose code is running, if any. */
  current(): GenerationId | undefined {
    return this.#storage.getStore();
  }
}
