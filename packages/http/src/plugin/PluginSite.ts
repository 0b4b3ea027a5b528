import type { HttpMethod } from "@peek/plugin-base";
import type { HandlerRoute } from "./HandlerRoute.ts";
import type { FilesRoute } from "./FilesRoute.ts";
import type { RoutePattern } from "./RoutePattern.ts";

/** What answers at a path. */
export interface Route {
  readonly method: HttpMethod;
  readonly pattern: RoutePattern;
  readonly target: HandlerRoute | FilesRoute;
}

/** What a path leads to. */
export type RouteFound =
  | { readonly kind: "route"; readonly route: Route; readonly params: Readonly<Record<string, string>> }
  /** Something is there, for other methods. */
  | { readonly kind: "otherMethod"; readonly allow: readonly string[] }
  | { readonly kind: "none" };

/** The routes of one plugin. */
export class PluginSite {
  /** The most particular ones first. */
  #routes: readonly Route[] = [];

  /** @returns false when there is one for the same paths already. */
  add(route: Route): boolean {
    const { shape } = route.pattern;
    if (this.#routes.some((each) => each.method === route.method && each.pattern.shape === shape)) return false;
    this.#routes = [...this.#routes, route].sort((a, b) => a.pattern.compare(b.pattern));
    return true;
  }

  remove(route: Route): void {
    this.#routes = this.#routes.filter((each) => each !== route);
  }

  get isEmpty(): boolean {
    return this.#routes.length === 0;
  }

  /** @param segments See {@link RoutePattern.match}. */
  find(method: string, segments: readonly string[]): RouteFound {
    const wanted = method === "HEAD" ? "GET" : method;
    const allow = new Set<string>();
    for (const route of this.#routes) {
      const params = route.pattern.match(segments);
      if (params === undefined) continue;
      if (route.method === wanted) return { kind: "route", route, params };
      allow.add(route.method);
      if (route.method === "GET") allow.add("HEAD");
    }
    return allow.size === 0 ? { kind: "none" } : { kind: "otherMethod", allow: [...allow] };
  }
}
