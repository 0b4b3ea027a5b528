import type { HttpMethod } from "@peek/plugin-base";
import type { FilesRoute } from "./FilesRoute.ts";
import type { HandlerRoute } from "./HandlerRoute.ts";
import type { RoutePattern } from "./RoutePattern.ts";

/** A route of a plugin. */
export interface Route {
  readonly method: HttpMethod;
  /** The path below the plugin's name. */
  readonly pattern: RoutePattern;
  readonly target: HandlerRoute | FilesRoute;
}
