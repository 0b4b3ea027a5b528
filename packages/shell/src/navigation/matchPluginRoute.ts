import type { CataloguePlugin } from "@peek/web/protocol";

type Route = CataloguePlugin["routes"][number];

/** A page of a plugin: its route, and the values of the route's parameters. */
export interface MatchedRoute {
  readonly route: Route;
  readonly params: Readonly<Record<string, string>>;
}

/**
 * The route of a path below the plugin's. A route whose first different part is fixed wins over one with a parameter there.
 *
 * @param path Encoded, as in the address: `rows/a%20b`.
 */
export function matchPluginRoute(routes: readonly Route[], path: string): MatchedRoute | undefined {
  const parts = partsOf(path);
  const found = routes.flatMap((route) => {
    const params = paramsOf(partsOf(route.path), parts);
    return params === undefined ? [] : [{ route, params }];
  });
  return found.toSorted((one, other) => compare(partsOf(one.route.path), partsOf(other.route.path)))[0];
}

function partsOf(path: string): readonly string[] {
  return path === "" ? [] : path.split("/");
}

function paramsOf(pattern: readonly string[], parts: readonly string[]): Record<string, string> | undefined {
  if (pattern.length !== parts.length) return undefined;
  const params: Record<string, string> = {};
  for (const [index, expected] of pattern.entries()) {
    const part = decoded(parts[index] ?? "");
    if (part === undefined || part === "") return undefined;
    if (expected.startsWith(":")) params[expected.slice(1)] = part;
    else if (expected !== part) return undefined;
  }
  return params;
}

function decoded(part: string): string | undefined {
  try {
    return decodeURIComponent(part);
  } catch {
    return undefined;
  }
}

function compare(one: readonly string[], other: readonly string[]): number {
  for (const [index, part] of one.entries()) {
    const difference = Number(part.startsWith(":")) - Number(other[index]?.startsWith(":") ?? false);
    if (difference !== 0) return difference;
  }
  return 0;
}
