import { once } from "node:events";
import type { Server, ServerResponse } from "node:http";
import { Server as HttpsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { messageOf, PeekError } from "@peek/errors";
import { waitAtMost } from "@peek/kit";
import { createSiteServer } from "./createSiteServer.ts";
import { FailureLog } from "./FailureLog.ts";
import type { HttpSiteOptions, SiteTls } from "./HttpSiteOptions.ts";
import { hostRulesOf } from "./isMisdirected.ts";
import { LazySiteApp } from "./LazySiteApp.ts";
import { type LoginNeededHandler, type UpgradeHandler, Upgrades } from "./Upgrades.ts";

const defaultDrainMs = 5000;

/**
 * What a service serves to browsers: the pages and routes of its plugins, its health, logins, and WebSockets. Disposing it
 * stops it from listening, answers what is under way, and ends the connections.
 */
export class HttpSite implements AsyncDisposable {
  readonly #options: HttpSiteOptions;
  readonly #app: LazySiteApp;
  readonly #server: Server;
  readonly #upgrades: Upgrades;
  readonly #underWay = new Set<ServerResponse>();
  #closed: Promise<void> | undefined;

  private constructor(options: HttpSiteOptions) {
    const { site, trustProxy, sessions, logger } = options;
    this.#options = options;
    const allowedOrigins = new Set(options.allowedOrigins);
    const failures = new FailureLog(logger);
    this.#upgrades = new Upgrades({
      site,
      trustProxy,
      allowedOrigins,
      hosts: hostRulesOf(options),
      sessions,
      failures,
      logger,
    });
    const app = new LazySiteApp(options, {
      allowedOrigins,
      failures,
      isDraining: () => this.#closed !== undefined,
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
    server.on("upgrade", (request, socket, head) => void this.#upgrades.take(request, socket, head));
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

  /** Where it is on this machine: `http://127.0.0.1:8000`. */
  get origin(): string {
    const { host, tls } = this.#options;
    const name = host === "0.0.0.0" ? "127.0.0.1" : host === "::" ? "::1" : host;
    const scheme = tls === undefined ? "http" : "https";
    return new URL(`${scheme}://${name.includes(":") ? `[${name}]` : name}:${this.port}`).origin;
  }

  /** Uses another certificate for those who connect from now on. Only where it was opened with TLS. */
  setTls(tls: SiteTls): void {
    if (this.#server instanceof HttpsServer) this.#server.setSecureContext({ ...tls, minVersion: "TLSv1.2" });
  }

  /**
   * Has a function take over the WebSockets that browsers open at a path, until what is returned is disposed: those whose
   * page's origin is allowed and who have a session. It owns the connection then; what is left of it when the site is
   * disposed is cut.
   *
   * @param onLoginNeeded Takes over those of browsers that have to log in, to say so. Default: they are refused by HTTP.
   */
  onUpgrade(path: string, handler: UpgradeHandler, onLoginNeeded?: LoginNeededHandler): Disposable {
    return this.#upgrades.handle(path, handler, onLoginNeeded);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await (this.#closed ??= this.#close());
  }

  async #close(): Promise<void> {
    const { drainMs = defaultDrainMs } = this.#options.limits ?? {};
    this.#upgrades.close();
    // Told so that `closed` is set before the first of them asks.
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
    logger.info("Browsers find %s at %s%s", title, this.origin, tls === undefined ? "" : ", by TLS");
  }

  #unusable(cause: unknown): PeekError {
    const { host, port, site } = this.#options;
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
    const why = portReasons[code] ?? messageOf(cause);
    return new PeekError(
      "HTTP_PORT_UNUSABLE",
      `The site cannot listen on ${host} port ${port}: ${why}. Stop who has it, or set httpServer.${site}.sitePort and httpServer.${site}.host.`,
      { cause, fields: { site, host, port } },
    );
  }
}

const portReasons: Readonly<Record<string, string>> = {
  EADDRINUSE: "another process listens there",
  EADDRNOTAVAIL: "this machine does not have that address",
  EACCES: "this account may not",
};
