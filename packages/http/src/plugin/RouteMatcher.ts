import type { HttpMethod } from "@peek/plugin-base";
import findMyWay from "find-my-way";
import type { Route } from "./Route.ts";

/** A path is no longer than the headers of a request may be. */
const maxParamLength = 16 * 1024;

/** The result of looking a path up. */
export type RouteMatch =
  | { readonly kind: "route"; readonly route: Route; readonly params: Readonly<Record<string, string>> }
  /** The path has routes for other methods. */
  | { readonly kind: "otherMethod"; readonly allow: readonly string[] }
  | { readonly kind: "none" };

/**
 * Matches paths against the routes of one plugin, by Fastify's own router: a literal segment wins over a parameter, and a parameter
 * over `*`.
 */
export class RouteMatcher {
  readonly #routes: readonly Route[];
  readonly #methods: ReadonlySet<HttpMethod>;
  readonly #router = findMyWay({ maxParamLength });

  constructor(routes: readonly Route[]) {
    this.#routes = routes;
    this.#methods = new Set(routes.map(({ method }) => method));
    for (const route of routes) this.#router.on(route.method, route.pattern.routerPath, () => undefined, route);
  }

  /**
   * Finds the route for a request. HEAD uses the routes of GET.
   *
   * @param segments The decoded path: `["pumps", "5"]`; `[""]` for `/`.
   */
  match(method: string, segments: readonly string[]): RouteMatch {
    // The decoded segments may contain the characters that delimit the parts of a URL.
    const path = `/${segments.map((segment) => segment.replace(/[%/?#]/g, encodeURIComponent)).join("/")}`;
    const wanted = method === "HEAD" ? "GET" : method;
    const allow: string[] = [];
    for (const each of this.#methods) {
      const match = this.#find(each, path);
      if (match === undefined) continue;
      if (each === wanted) return match;
      allow.push(each, ...(each === "GET" ? ["HEAD"] : []));
    }
    return allow.length === 0 ? { kind: "none" } : { kind: "otherMethod", allow };
  }

  #find(method: HttpMethod, path: string): Extract<RouteMatch, { readonly kind: "route" }> | undefined {
    const found = this.#router.find(method, path);
    const route = this.#routes.find((each) => each === found?.store);
    if (found === null || route === undefined) return undefined;
    const params = Object.entries(found.params).map(([name, value]) => [name, value ?? ""] as const);
    return { kind: "route", route, params: Object.fromEntries(params) };
  }
}
