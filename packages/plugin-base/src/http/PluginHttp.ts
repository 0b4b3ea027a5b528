import type { PeekUser } from "../users/PeekUser.ts";

/** The context of a request for its handler. */
export interface HttpContext {
  readonly user: PeekUser;
  /** The decoded parameters of the path: `{ id: "5" }` for `/pumps/:id`. */
  readonly params: Readonly<Record<string, string>>;
  /** Fires when the browser has disconnected, or the plugin stops. */
  readonly signal: AbortSignal;
}

export type HttpMethod = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

/** Answers a request with the web's `Response`: `new Response("...")`, `Response.json({...})`. */
export type HttpHandler = (request: Request, context: HttpContext) => Response | PromiseLike<Response>;

/** How a route is served. */
export interface HttpRouteOptions {
  /** The maximum size of a request body; bytes. Default: 1 MiB. */
  readonly maxBodyBytes?: number;
  /** How long the handler may take to answer. Default: 30,000. */
  readonly deadlineMs?: number;
}

/** How files are served. */
export interface HttpFilesOptions {
  /** The path under the plugin's base: `/app`. Default: `/`. */
  readonly at?: string;
  /**
   * Whether paths without a file are answered with `index.html`, for an app with its own router. Default: false.
   */
  readonly singlePage?: boolean;
  /** Its title in the app of the site, which links to it; pages without a title have no link. Default: none. */
  readonly title?: string;
}

/** `platform.http` on logic's admin site, field and office: pages and routes under `/<plugin name>/`. */
export interface PluginHttp {
  /** The prefix of the plugin's paths: `/peek_plugin_tutorial`. */
  readonly base: string;
  /**
   * Answers requests under the plugin's base, until the result is disposed or the plugin stops. Methods other than GET are refused
   * for pages of another origin.
   *
   * @param path With a slash: `/pumps/:id`; a `*` at its end matches all paths below.
   * @throws PeekError `HTTP_ROUTE_INVALID` for an invalid path, or one that exists already.
   */
  route(method: HttpMethod, path: string, handler: HttpHandler, options?: HttpRouteOptions): Disposable;
  /**
   * Serves the files of a folder under the plugin's base, until the result is disposed or the plugin stops. Browsers cache files
   * with a hash in their names, as Vite creates them, for a year; they revalidate others at each request.
   *
   * @param dir Relative to the plugin's root folder, or absolute.
   * @throws PeekError `HTTP_ROUTE_INVALID` when the folder does not exist, or the path is already served.
   */
  files(dir: string, options?: HttpFilesOptions): Disposable;
}
