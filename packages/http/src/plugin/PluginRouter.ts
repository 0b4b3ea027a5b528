import type { PluginRoutes } from "./PluginRoutes.ts";
import { type RouteMatch, RouteMatcher } from "./RouteMatcher.ts";
import type { Route } from "./Route.ts";

/** Chooses the route for a request among the routes of all plugins. */
export class PluginRouter {
  readonly #routes: PluginRoutes;
  /** A matcher is made with the first request after a change of the plugin's routes. */
  readonly #matchers = new WeakMap<readonly Route[], RouteMatcher>();

  constructor(routes: PluginRoutes) {
    this.#routes = routes;
  }

  /** {@link PluginRoutes.resumed} */
  async resumed(plugin: string): Promise<boolean> {
    return await this.#routes.resumed(plugin);
  }

  /** @param segments The path below the plugin's name: see {@link RouteMatcher.match}. */
  match(plugin: string, method: string, segments: readonly string[]): RouteMatch {
    const routes = this.#routes.of(plugin);
    if (routes === undefined) return { kind: "none" };
    const matcher = this.#matchers.get(routes) ?? new RouteMatcher(routes);
    this.#matchers.set(routes, matcher);
    return matcher.match(method, segments);
  }
}
