import type { PeekClient } from "@peek/client";
import type { LazyComponent, PluginWeb, PluginWebContext } from "@peek/web";
import type { CataloguePlugin } from "@peek/web/protocol";
import type { ComponentType } from "react";
import { ImportError } from "./ImportError.ts";
import { importModule, withImportDeadline } from "./importModule.ts";
import { insertStyles } from "./insertStyles.ts";

/** The web module of one version of a plugin: its code, its style sheets, and what it has started. */
export class LoadedModule implements Disposable {
  readonly entry: CataloguePlugin;
  /** The module, when its code and its style sheets are loaded and its `start` has run. The same promise until `Symbol.dispose`. */
  readonly ready: Promise<PluginWeb>;
  readonly #client: PeekClient | undefined;
  readonly #end = new AbortController();
  readonly #ends: (() => void)[] = [];
  readonly #components = new Map<LazyComponent, Promise<ComponentType>>();

  /** @param attempt How often the module has failed before. */
  constructor(entry: CataloguePlugin, client: PeekClient | undefined, attempt: number) {
    this.entry = entry;
    this.#client = client;
    this.ready = this.#load(attempt);
    // Each page shows the failure; nobody may be looking.
    this.ready.catch(() => undefined);
  }

  get context(): PluginWebContext {
    const { name: plugin, version } = this.entry;
    return { plugin, version, client: this.#client, signal: this.#end.signal };
  }

  /** Loads a component at the first call. @throws ImportError */
  component(load: LazyComponent): Promise<ComponentType> {
    const known = this.#components.get(load);
    if (known !== undefined) return known;
    const component = withImportDeadline(load()).then(({ default: loaded }) => loaded, importFailed);
    this.#components.set(load, component);
    return component;
  }

  [Symbol.dispose](): void {
    this.#end.abort();
    for (const end of this.#ends.splice(0).reverse()) end();
  }

  async #load(attempt: number): Promise<PluginWeb> {
    const { module, styles } = this.entry;
    const loaded = Promise.all([importModule(module, attempt), insertStyles(styles)]);
    const [web, removeStyles] = await loaded.catch(importFailed);
    this.#ends.push(removeStyles);
    if (!this.#end.signal.aborted) {
      const stop = web.start?.(this.context);
      if (typeof stop === "function") this.#ends.push(stop);
    }
    // It ended while it was loaded.
    if (this.#end.signal.aborted) this[Symbol.dispose]();
    return web;
  }
}

function importFailed(error: unknown): never {
  throw new ImportError(error);
}
