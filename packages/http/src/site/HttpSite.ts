import { once } from "node:events";
import type { Server, ServerResponse } from "node:http";
import { Server as HttpsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { messageOf, PeekError } from "@peek/errors";
import { waitAtMost } from "@peek/kit";
import { webPaths } from "@peek/web/protocol";
import { lazyWebParts, whenOpen } from "../web/lazyWebParts.ts";
import type { WebParts } from "../web/WebParts.ts";
import { createSiteServer } from "./createSiteServer.ts";
import { RequestFailureLog } from "./RequestFailureLog.ts";
import type { HttpSiteOptions, SiteTls } from "./HttpSiteOptions.ts";
import { hostRulesOf } from "./isMisdirected.ts";
import { LazySiteApp } from "./LazySiteApp.ts";
import { type LoginNeededHandler, type UpgradeHandler, UpgradeRouter } from "./UpgradeRouter.ts";

const defaultDrainMs = 5000;

/**
 * The HTTP site of a service: pages and routes of its plugins, health, logins, and WebSockets. Disposal stops listening, waits for
 * running requests, and closes the connections.
 */
export class HttpSite implements AsyncDisposable {
  readonly #options: HttpSiteOptions;
  readonly #app: LazySiteApp;
  readonly #server: Server;
  readonly #upgrades: UpgradeRouter;
  readonly #underWay = new Set<ServerResponse>();
  readonly #closing = new AbortController();
  #closed: Promise<void> | undefined;

  private constructor(options: HttpSiteOptions) {
    const { site, trustProxy, sessions, logger } = options;
    this.#options = options;
    const allowedOrigins = new Set(options.allowedOrigins);
    const failures = new RequestFailureLog(logger);
    this.#upgrades = new UpgradeRouter({
      site,
      trustProxy,
      allowedOrigins,
      hosts: hostRulesOf(options),
      sessions,
      failures,
      logger,
    });
    const webParts = options.web && lazyWebParts(options, options.web, this.#closing.signal);
    if (webParts !== undefined) this.#takeEvents(webParts);
    const app = new LazySiteApp(options, {
      allowedOrigins,
      failures,
      isDraining: () => this.#closed !== undefined,
      webParts,
    });
    const server = createSiteServer(options.tls, options.limits ?? {}, (request, response) =>
      app.answer(request, response),
    );
    this.#app = app;
    this.#server = server;
    server.on("request", (_request, response) => {
      this.#underWay.add(response);
      response.once("close", () => this.#underWay.delete(response));
    });
    server.on("upgrade", (request, socket, head) => void this.#upgrades.route(request, socket, head));
  }

  /**
   * Begins to listen.
   *
   * @throws PeekError `HTTP_PORT_UNUSABLE`
   */
  static async listen(options: HttpSiteOptions): Promise<HttpSite> {
    const site = new HttpSite(options);
    try {
      await site.#listen();
      return site;
    } catch (error) {
      await site[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** The port that it listens on. */
  get port(): number {
    const address = this.#server.address() as AddressInfo | null;
    return address?.port ?? this.#options.port;
  }

  /** Its origin on this machine: `http://127.0.0.1:8000`. */
  get origin(): string {
    const { host, tls } = this.#options;
    const name = host === "0.0.0.0" ? "127.0.0.1" : host === "::" ? "::1" : host;
    const scheme = tls === undefined ? "http" : "https";
    return new URL(`${scheme}://${name.includes(":") ? `[${name}]` : name}:${this.port}`).origin;
  }

  /** Uses another certificate for new connections. Has an effect only if the site was opened with TLS. */
  setTls(tls: SiteTls): void {
    if (this.#server instanceof HttpsServer) this.#server.setSecureContext({ ...tls, minVersion: "TLSv1.2" });
  }

  /**
   * Passes the WebSockets of a path to a handler until the result is disposed, if the origin is allowed and the browser has a session.
   * The handler owns the connection; remaining connections are closed with the site.
   *
   * @param onLoginNeeded Takes the connections of browsers that have to log in. Default: they get an HTTP error.
   */
  onUpgrade(path: string, handler: UpgradeHandler, onLoginNeeded?: LoginNeededHandler): Disposable {
    return this.#upgrades.handle(path, handler, onLoginNeeded);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await (this.#closed ??= this.#close());
  }

  #takeEvents(webParts: () => Promise<WebParts>): void {
    this.#upgrades.handle(
      webPaths.events,
      (request, socket, head, session) =>
        void whenOpen(webParts, socket, ({ sockets }) => sockets.accept(request, socket, head, session)),
      (request, socket, head) =>
        void whenOpen(webParts, socket, ({ sockets }) => sockets.requireLogin(request, socket, head)),
    );
  }

  async #close(): Promise<void> {
    const { drainMs = defaultDrainMs } = this.#options.limits ?? {};
    this.#upgrades.close();
    this.#closing.abort();
    // Gives the caller time to set `#closed`, which the first of them reads.
    await Promise.resolve();
    const closed = new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
    this.#server.closeIdleConnections();
    await waitAtMost(drainMs, Promise.allSettled([...this.#underWay].map((response) => once(response, "close"))));
    this.#upgrades[Symbol.dispose]();
    this.#server.closeAllConnections();
    await closed;
    await this.#app[Symbol.asyncDispose]();
  }

  async #listen(): Promise<void> {
    const { host, port, title, tls, logger } = this.#options;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const server = this.#server;
    server.once("error", reject);
    server.listen({ host, port }, resolve);
    try {
      await promise;
    } catch (cause) {
      throw this.#unusable(cause);
    } finally {
      server.off("error", reject);
    }
    server.on("error", (error) => logger.error({ err: error }, "%s: %s", title, messageOf(error)));
    logger.info("%s listens on %s%s", title, this.origin, tls === undefined ? "" : " with TLS");
  }

  #unusable(cause: unknown): PeekError {
    const { host, port, site } = this.#options;
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
    const why = portReasons[code] ?? messageOf(cause);
    return new PeekError(
      "HTTP_PORT_UNUSABLE",
      `The site cannot listen on ${host} port ${port}: ${why}. Stop the other process, or change httpServer.${site}.sitePort and httpServer.${site}.host.`,
      { cause, fields: { site, host, port } },
    );
  }
}

const portReasons: Readonly<Record<string, string>> = {
  EADDRINUSE: "another process listens there",
  EADDRNOTAVAIL: "this machine does not have that address",
  EACCES: "this account has no permission",
};
