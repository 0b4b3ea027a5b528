import { captureContext, type CaptureContext, Listeners, PluginSuspensions, settledOrAborted } from "@peek/kit";
import type { Logger, PluginDisposables, PluginHttp } from "@peek/plugin-base";
import { FilesRoute } from "./FilesRoute.ts";
import { HandlerRoute } from "./HandlerRoute.ts";
import type { Route } from "./Route.ts";
import { ScopedHttp } from "./ScopedHttp.ts";

/** A page of a plugin that the app, or the list of pages, links to. */
export interface PluginPage {
  readonly title: string;
  /** `/peek_plugin_tutorial/`. */
  readonly path: string;
}

/** How long a request waits for a suspended plugin. Browsers and proxies give up later. */
const maxSuspendedMs = 20_000;
/** How many requests of one plugin wait while it is suspended. */
const maxSuspendedRequests = 1000;

/** The routes of all plugins of a service. */
export class PluginRoutes implements Disposable {
  readonly #routes = new Map<string, readonly Route[]>();
  readonly #pages = new Map<Route, PluginPage>();
  /** The former pages of suspended plugins, by plugin. */
  readonly #heldPages = new Map<string, readonly PluginPage[]>();
  readonly #pagesChanged = new Listeners<void>();
  readonly #capture: CaptureContext;
  readonly #suspensions = new PluginSuspensions({ onResumed: (plugin) => this.#resumed(plugin) });
  /** How many requests of each suspended plugin wait. */
  readonly #waiting = new Map<string, number>();

  /** @param options `capture`: captures the async context in which a handler runs. Default: the context of its registration. */
  constructor({ capture = captureContext }: { readonly capture?: CaptureContext } = {}) {
    this.#capture = capture;
  }

  /** `platform.http` of a plugin. Each route ends with the phase of the plugin in which it was made. */
  forPlugin(plugin: string, rootDir: string, disposables: () => PluginDisposables, logger: Logger): PluginHttp {
    const add = (route: Route): boolean => this.#add(plugin, route);
    const remove = (route: Route): void => this.#remove(plugin, route);
    return new ScopedHttp({ plugin, rootDir, disposables, logger, capture: this.#capture, add, remove });
  }

  /** The pages that have a title, sorted by it. Those of a suspended plugin remain until it is resumed. */
  pages(): readonly PluginPage[] {
    const all = [...[...this.#heldPages.values()].flat(), ...this.#pages.values()];
    const byPath = new Map(all.map((page) => [page.path, page]));
    return [...byPath.values()].sort((a, b) => a.title.localeCompare(b.title));
  }

  /** Calls a listener after each change of {@link pages}, until the result is disposed. */
  onPagesChange(listener: () => void): Disposable {
    return this.#pagesChanged.add(listener);
  }

  /** The routes of a plugin. Another array after each change. */
  of(plugin: string): readonly Route[] | undefined {
    return this.#routes.get(plugin);
  }

  /**
   * Holds back new requests of a plugin until the result is disposed, and waits until its handlers have answered the earlier ones,
   * or the signal fires.
   */
  async suspend(plugin: string, signal: AbortSignal): Promise<Disposable> {
    const suspension = this.#suspensions.suspend(plugin);
    const handlers = (this.of(plugin) ?? []).flatMap(({ target }) => (target instanceof HandlerRoute ? [target] : []));
    await settledOrAborted(Promise.all(handlers.map((handler) => handler.idle())), signal);
    return suspension;
  }

  /**
   * Waits until a plugin is not suspended. Returns false when the request has to be refused: too many wait, or it has waited too
   * long.
   */
  async resumed(plugin: string): Promise<boolean> {
    if (!this.#suspensions.has(plugin)) return true;
    const waiting = this.#waiting.get(plugin) ?? 0;
    if (waiting >= maxSuspendedRequests) return false;
    this.#waiting.set(plugin, waiting + 1);
    try {
      return await this.#suspensions.resumed(plugin, maxSuspendedMs);
    } finally {
      const left = (this.#waiting.get(plugin) ?? 1) - 1;
      if (left === 0) this.#waiting.delete(plugin);
      else this.#waiting.set(plugin, left);
    }
  }

  /** Ends all suspensions: the site closes. */
  [Symbol.dispose](): void {
    this.#suspensions[Symbol.dispose]();
    this.#pagesChanged.clear();
  }

  /** Returns false when the plugin has a route for the same method and paths. */
  #add(plugin: string, route: Route): boolean {
    const routes = this.#routes.get(plugin) ?? [];
    const { method, pattern, target } = route;
    if (routes.some((other) => other.method === method && other.pattern.shape === pattern.shape)) return false;
    this.#routes.set(plugin, [...routes, route]);
    if (target instanceof FilesRoute && target.title !== undefined) {
      this.#pages.set(route, { title: target.title, path: `/${plugin}${pattern.folder}` });
      this.#pagesChanged.notify();
    }
    return true;
  }

  #remove(plugin: string, route: Route): void {
    const routes = this.#routes.get(plugin)?.filter((other) => other !== route) ?? [];
    if (routes.length === 0) this.#routes.delete(plugin);
    else this.#routes.set(plugin, routes);
    const page = this.#pages.get(route);
    if (page === undefined) return;
    this.#pages.delete(route);
    if (this.#suspensions.has(plugin)) this.#heldPages.set(plugin, [...(this.#heldPages.get(plugin) ?? []), page]);
    else this.#pagesChanged.notify();
  }

  #resumed(plugin: string): void {
    if (this.#heldPages.delete(plugin)) this.#pagesChanged.notify();
  }
}
