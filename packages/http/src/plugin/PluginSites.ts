import type { Logger, PluginDisposables, PluginHttp } from "@peek/plugin-base";
import { captureContext, type CaptureContext } from "@peek/kit";
import { FilesRoute } from "./FilesRoute.ts";
import { PluginSite, type Route, type RouteFound } from "./PluginSite.ts";
import { ScopedHttp } from "./ScopedHttp.ts";

/** A page that people are led to. */
export interface PluginPage {
  readonly title: string;
  /** `/peek_plugin_tutorial/`. */
  readonly path: string;
}

/** What all plugins of a service serve, each under its own name. */
export class PluginSites {
  readonly #sites = new Map<string, PluginSite>();
  readonly #titles = new Map<Route, PluginPage>();
  readonly #capture: CaptureContext;

  /** @param options `capture`: captures the async context in which a handler is to run. Default: the one of its registration. */
  constructor({ capture = captureContext }: { readonly capture?: CaptureContext } = {}) {
    this.#capture = capture;
  }

  /** What a plugin has of HTTP. All ends with the phase of the plugin's life in which it was made. */
  forPlugin(plugin: string, rootDir: string, disposables: () => PluginDisposables, logger: Logger): PluginHttp {
    const add = (route: Route): boolean => this.#add(plugin, route);
    const remove = (route: Route): void => this.#remove(plugin, route);
    return new ScopedHttp({ plugin, rootDir, disposables, logger, capture: this.#capture, add, remove });
  }

  /** The pages that have a title, by title. */
  pages(): readonly PluginPage[] {
    return [...this.#titles.values()].sort((a, b) => a.title.localeCompare(b.title));
  }

  /** What a path of a plugin leads to. */
  find(plugin: string, method: string, segments: readonly string[]): RouteFound {
    return this.#sites.get(plugin)?.find(method, segments) ?? { kind: "none" };
  }

  #add(plugin: string, route: Route): boolean {
    const site = this.#sites.get(plugin) ?? new PluginSite();
    if (!site.add(route)) return false;
    this.#sites.set(plugin, site);
    const { target, pattern } = route;
    if (target instanceof FilesRoute && target.title !== undefined) {
      this.#titles.set(route, { title: target.title, path: `/${plugin}${pattern.folder}` });
    }
    return true;
  }

  #remove(plugin: string, route: Route): void {
    const site = this.#sites.get(plugin);
    site?.remove(route);
    if (site?.isEmpty === true) this.#sites.delete(plugin);
    this.#titles.delete(route);
  }
}
