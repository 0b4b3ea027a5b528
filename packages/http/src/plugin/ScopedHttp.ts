import { statSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import { describeValue, messageOf, PeekError } from "@peek/errors";
import type {
  HttpFilesOptions,
  HttpHandler,
  HttpMethod,
  HttpRouteOptions,
  Logger,
  PluginDisposables,
  PluginHttp,
} from "@peek/plugin-base";
import { RequestFailureLog } from "../site/RequestFailureLog.ts";
import type { CaptureContext } from "@peek/kit";
import { FilesRoute } from "./FilesRoute.ts";
import { HandlerRoute } from "./HandlerRoute.ts";
import type { Route } from "./Route.ts";
import { RoutePattern } from "./RoutePattern.ts";

const methods: ReadonlySet<unknown> = new Set(["GET", "POST", "PUT", "PATCH", "DELETE"] satisfies HttpMethod[]);
const defaultBodyBytes = 1024 * 1024;
const defaultDeadlineMs = 30_000;
/** The longest delay of a timer. */
const maxDeadlineMs = 2_147_483_647;
const maxTitleLength = 200;

/** The options of {@link ScopedHttp}. */
export interface ScopedHttpParts {
  readonly plugin: string;
  readonly rootDir: string;
  /** The stack of the plugin's current phase. */
  readonly disposables: () => PluginDisposables;
  readonly logger: Logger;
  readonly capture: CaptureContext;
  /** @returns false when there is a route for the same method and paths already. */
  readonly add: (route: Route) => boolean;
  readonly remove: (route: Route) => void;
}

/** `platform.http` of one plugin: checks its calls, and makes its routes. */
export class ScopedHttp implements PluginHttp {
  readonly base: string;
  readonly #parts: ScopedHttpParts;
  readonly #failures: RequestFailureLog;

  constructor(parts: ScopedHttpParts) {
    this.#parts = parts;
    this.#failures = new RequestFailureLog(parts.logger, "error");
    this.base = `/${parts.plugin}`;
  }

  route(method: HttpMethod, path: string, handler: HttpHandler, options: HttpRouteOptions = {}): Disposable {
    const { capture } = this.#parts;
    if (!methods.has(method)) throw this.#invalid(path, `${describeValue(method)} is not a supported method`);
    if (typeof handler !== "function") throw this.#invalid(path, "its handler is not a function");
    const { maxBodyBytes = defaultBodyBytes, deadlineMs = defaultDeadlineMs } = options;
    if (!isWithin(maxBodyBytes, 0, Number.MAX_SAFE_INTEGER)) {
      throw this.#invalid(path, "maxBodyBytes is not a number of bytes");
    }
    if (!isWithin(deadlineMs, 1, maxDeadlineMs))
      throw this.#invalid(path, "deadlineMs is not a number of milliseconds");
    const pattern = this.#pattern(path);
    const title = `${method} ${this.base}${path}`;
    const target = new HandlerRoute({
      title,
      handler,
      maxBodyBytes,
      deadlineMs,
      run: capture(),
      failures: this.#failures,
    });
    return this.#add(path, { method, pattern, target }, () => target[Symbol.asyncDispose]());
  }

  files(dir: string, { at = "/", singlePage = false, title }: HttpFilesOptions = {}): Disposable {
    const { rootDir } = this.#parts;
    if (title !== undefined && (typeof title !== "string" || title === "" || title.length > maxTitleLength)) {
      throw this.#invalid(at, `its title is not a text of up to ${maxTitleLength} characters`);
    }
    const under = at.endsWith("/") ? at : `${at}/`;
    if (/[:*]/.test(under)) throw this.#invalid(at, "the path of files cannot contain : or *");
    const pattern = this.#pattern(`${under}*`);
    const folder = isAbsolute(dir) ? dir : join(rootDir, dir);
    const target = this.#open(at, folder, { singlePage, title });
    return this.#add(at, { method: "GET", pattern, target }, () => {});
  }

  #open(at: string, folder: string, options: ConstructorParameters<typeof FilesRoute>[1]): FilesRoute {
    try {
      if (!statSync(folder).isDirectory()) throw new Error("it is not a directory");
      return new FilesRoute(folder, options);
    } catch (cause) {
      const why = messageOf(cause);
      throw this.#invalid(
        at,
        `the folder ${folder} cannot be used: ${why}. Build the page first, or correct the path`,
        cause,
      );
    }
  }

  #add(path: string, route: Route, end: () => void | Promise<void>): Disposable {
    const { plugin, disposables, add, remove } = this.#parts;
    const stack = disposables();
    if (stack.disposed) {
      throw new PeekError(
        "PLUGIN_RELEASED",
        `${plugin} has been stopped and cannot serve ${this.base}${path}. Make routes while the plugin loads or starts.`,
      );
    }
    if (!add(route)) throw this.#invalid(path, `there is a route for ${route.method} already`);
    let ended: Promise<void> | undefined;
    const release = (): Promise<void> => {
      remove(route);
      return (ended ??= Promise.resolve(end()));
    };
    // The platform reports a function that takes too long by its name.
    stack.defer(Object.defineProperty(() => release(), "name", { value: `${route.method} ${this.base}${path}` }));
    return { [Symbol.dispose]: () => void release() };
  }

  #pattern(path: string): RoutePattern {
    const pattern = RoutePattern.parse(path);
    if (typeof pattern === "string") throw this.#invalid(path, pattern);
    return pattern;
  }

  #invalid(path: unknown, why: string, cause?: unknown): PeekError {
    const { plugin } = this.#parts;
    return new PeekError("HTTP_ROUTE_INVALID", `${plugin} cannot serve ${describeValue(path)}: ${why}.`, {
      cause,
      fields: { plugin, path: String(path) },
    });
  }
}

function isWithin(value: unknown, min: number, max: number): boolean {
  return typeof value === "number" && Number.isFinite(value) && value >= min && value <= max;
}
