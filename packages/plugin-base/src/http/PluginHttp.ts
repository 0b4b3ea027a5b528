import type { PeekUser } from "../users/PeekUser.ts";

/** What a route's handler knows besides the request. */
export interface HttpContext {
  readonly user: PeekUser;
  /** The parts of the path that the route names: `{ id: "5" }` for `/pumps/:id`. Decoded. */
  readonly params: Readonly<Record<string, string>>;
  /** Fires when the browser has gone, or the plugin stops. */
  readonly signal: AbortSignal;
}

export type HttpMethod = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

/** Answers a request, in the terms of the web: `new Response("...")`, `Response.json({...})`. */
export type HttpHandler = (request: Request, context: HttpContext) => Response | PromiseLike<Response>;

/** How a route is served. */
export interface HttpRouteOptions {
  /** The largest body of a request; bytes. Default: 1 MiB. */
  readonly maxBodyBytes?: number;
  /** How long the handler may take to answer; milliseconds. Default: 30,000. */
  readonly deadlineMs?: number;
}

/** How files are served. */
export interface HttpFilesOptions {
  /** Where, under the plugin's own path: `/app`. Default: `/`. */
  readonly at?: string;
  /**
   * Whether paths for which there is no file get `index.html`: for an app that has a router of its own. Default: false.
   */
  readonly singlePage?: boolean;
  /** What the start page of the service calls it; without a title it is not on it. Default: none. */
  readonly title?: string;
}

/** `platform.http` on logic's admin site, field and office: pages and routes under `/<plugin name>/`. */
export interface PluginHttp {
  /** Where the plugin's paths begin: `/peek_plugin_tutorial`. */
  readonly base: string;
  /**
   * Answers requests under the plugin's path, until it is disposed or the plugin stops. Other than GET is refused for pages of
   * another origin.
   *
   * @param path With a slash: `/pumps/:id`; a `*` at its end takes all below.
   * @throws PeekError `HTTP_ROUTE_INVALID` for a path that cannot be, or one that is there already.
   */
  route(method: HttpMethod, path: string, handler: HttpHandler, options?: HttpRouteOptions): Disposable;
  /**
   * Serves the files of a folder under the plugin's path, until it is disposed or the plugin stops. Files whose names have a
   * hash, as Vite gives, are kept by browsers for a year; others are asked for again each time.
   *
   * @param dir Relative to the plugin's root folder, or absolute.
   * @throws PeekError `HTTP_ROUTE_INVALID` when there is no such folder or the place is taken.
   */
  files(dir: string, options?: HttpFilesOptions): Disposable;
}
