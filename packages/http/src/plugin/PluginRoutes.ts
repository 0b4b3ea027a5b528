import { captureContext, type CaptureContext } from "@peek/kit";
import type { Logger, PluginDisposables, PluginHttp } from "@peek/plugin-base";
import { FilesRoute } from "./FilesRoute.ts";
import type { Route } from "./Route.ts";
import { ScopedHttp } from "./ScopedHttp.ts";

/** A page of a plugin that the start page links to. */
export interface PluginPage {
  readonly title: string;
  /** `/peek_plugin_tutorial/`. */
  readonly path: string;
}

/** The routes of all plugins of a service. */
export class PluginRoutes {
  readonly #routes = new Map<string, readonly Route[]>();
  readonly #pages = new Map<Route, PluginPage>();
  readonly #capture: CaptureContext;

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

  /** The pages that have a title, sorted by it. */
  pages(): readonly PluginPage[] {
    return [...this.#pages.values()].sort((a, b) => a.title.localeCompare(b.title));
  }

  /** The routes of a plugin. Another array after each change. */
  of(plugin: string): readonly Route[] | undefined {
    return this.#routes.get(plugin);
  }

  /** Returns false when the plugin has a route for the same method and paths. */
  #add(plugin: string, route: Route): boolean {
    const routes = this.#routes.get(plugin) ?? [];
    const { method, pattern, target } = route;
    if (routes.some((other) => other.method === method && other.pattern.shape === pattern.shape)) return false;
    this.#routes.set(plugin, [...routes, route]);
    if (target instanceof FilesRoute && target.title !== undefined) {
      this.#pages.set(route, { title: target.title, path: `/${plugin}${pattern.folder}` });
    }
    return true;
  }

  #remove(plugin: string, route: Route): void {
    const routes = this.#routes.get(plugin)?.filter((other) => other !== route) ?? [];
    if (routes.length === 0) this.#routes.delete(plugin);
    else this.#routes.set(plugin, routes);
    this.#pages.delete(route);
  }
}
