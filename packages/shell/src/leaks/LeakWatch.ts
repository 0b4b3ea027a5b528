import type { TakenResource } from "./ResourceOwner.ts";
import { watchIntervals } from "./watchIntervals.ts";
import { watchListeners } from "./watchListeners.ts";

/** How long a page that was left has to give back what it has taken. */
const graceMs = 1000;
/** The folder of the shell's files, and of the modules that it shares. */
const shellFolder = new URL(".", import.meta.url).href;
/** Vite's own code in the page. */
const viteFile = "/@vite/";

/**
 * Names in the console what a page of a plugin has not released when it was left: intervals, and listeners on window and document. It is for
 * development: it replaces functions of the browser.
 */
export class LeakWatch implements Disposable {
  readonly #openPlugin: () => string | undefined;
  /** By the resource: the plugin whose page has taken it. */
  readonly #taken = new Map<object, TakenResource & { readonly plugin: string }>();
  readonly #ends: readonly Disposable[];

  /** @param openPlugin The plugin whose page is open. */
  constructor(openPlugin: () => string | undefined) {
    this.#openPlugin = openPlugin;
    const owner = {
      take: (resource: TakenResource) => this.#take(resource),
      release: (key: object) => void this.#taken.delete(key),
    };
    this.#ends = [watchIntervals(owner), watchListeners(owner)];
  }

  /** A page of the plugin was left. */
  left(plugin: string): void {
    setTimeout(() => {
      if (this.#openPlugin() === plugin) return;
      for (const [key, { plugin: owner, what, stack }] of this.#taken) {
        if (owner !== plugin) continue;
        this.#taken.delete(key);
        // oxlint-disable-next-line no-console -- Its reader is the author of the plugin, in the browser's console.
        console.warn(`A page of ${plugin} was left, and did not release ${what}, taken\n${stack}`);
      }
    }, graceMs);
  }

  [Symbol.dispose](): void {
    for (const end of this.#ends) end[Symbol.dispose]();
  }

  /** @returns The key of the resource; undefined if it is not one of a page of a plugin. */
  #take(resource: TakenResource): object | undefined {
    const plugin = this.#openPlugin();
    // The shell, React and the kit release what they take themselves.
    const caller = resource.stack.split("\n").find((line) => line.includes("://"));
    if (plugin === undefined || caller === undefined || [shellFolder, viteFile].some((own) => caller.includes(own)))
      return undefined;
    const key = {};
    this.#taken.set(key, { ...resource, plugin });
    return key;
  }
}
