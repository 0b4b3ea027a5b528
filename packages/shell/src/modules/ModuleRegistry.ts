import type { PeekClient } from "@peek/client";
import type { CataloguePlugin } from "@peek/web/protocol";
import { LoadedModule } from "./LoadedModule.ts";

/** The web modules of the page. A module stays while it is the present one of its plugin, or a page shows it. */
export class ModuleRegistry implements Disposable {
  readonly #client: () => PeekClient | undefined;
  readonly #modules = new Map<string, LoadedModule>();
  readonly #attempts = new Map<string, number>();
  readonly #holders = new Map<LoadedModule, number>();
  #present: ReadonlySet<string> = new Set();

  constructor(client: () => PeekClient | undefined) {
    this.#client = client;
  }

  /** The module of a version of a plugin. It is loaded at the first call. */
  get(entry: CataloguePlugin): LoadedModule {
    const key = keyOf(entry);
    const known = this.#modules.get(key);
    if (known !== undefined) return known;
    const module = new LoadedModule(entry, this.#client(), this.#attempts.get(key) ?? 0);
    this.#modules.set(key, module);
    return module;
  }

  /** Forgets a module that has failed, so that the next `get` loads it again. */
  forget(module: LoadedModule): void {
    const key = keyOf(module.entry);
    if (this.#modules.get(key) !== module) return;
    this.#attempts.set(key, (this.#attempts.get(key) ?? 0) + 1);
    this.#modules.delete(key);
    module[Symbol.dispose]();
  }

  /** Keeps a module while a page shows it. @returns A function that ends this. */
  hold(module: LoadedModule): () => void {
    this.#holders.set(module, (this.#holders.get(module) ?? 0) + 1);
    return () => {
      const left = (this.#holders.get(module) ?? 1) - 1;
      if (left > 0) this.#holders.set(module, left);
      else this.#holders.delete(module);
      this.#release();
    };
  }

  /** The catalogue has changed: modules that are no longer in it end when no page shows them. */
  setPresent(plugins: readonly CataloguePlugin[]): void {
    this.#present = new Set(plugins.map(keyOf));
    this.#release();
  }

  [Symbol.dispose](): void {
    for (const module of this.#modules.values()) module[Symbol.dispose]();
    this.#modules.clear();
  }

  #release(): void {
    for (const [key, module] of this.#modules) {
      if (this.#present.has(key) || this.#holders.has(module)) continue;
      this.#modules.delete(key);
      module[Symbol.dispose]();
    }
  }
}

function keyOf({ name, hash }: CataloguePlugin): string {
  return `${name}@${hash}`;
}
