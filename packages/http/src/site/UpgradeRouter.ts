import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { messageOf } from "@peek/errors";
import type { Logger } from "@peek/plugin-base";
import type { SessionProvider, SiteSession } from "../sessions/SessionProvider.ts";
import type { RequestFailureLog } from "./RequestFailureLog.ts";
import type { SiteName } from "./SiteName.ts";
import { type HostRules, isMisdirected } from "./isMisdirected.ts";
import { isForbiddenCrossOrigin } from "./isForbiddenCrossOrigin.ts";
import { normalizeTarget } from "./normalizeTarget.ts";
import { sendUpgradeError } from "./sendUpgradeError.ts";
import { crossOriginMessage, misdirectedLogText, misdirectedMessage } from "./refusalMessages.ts";
import { type SiteRequest, siteRequestOf } from "./SiteRequest.ts";

/** Takes over a connection. Must not throw. The session is tracked until the connection is closed. */
export type UpgradeHandler = (request: IncomingMessage, socket: Duplex, head: Buffer, session: SiteSession) => void;

/** Takes over a connection of a browser that has to log in, to notify it. Must not throw. */
export type LoginNeededHandler = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

/** The handlers of a path. */
interface Handlers {
  readonly handler: UpgradeHandler;
  readonly onLoginNeeded: LoginNeededHandler | undefined;
}

/** The options of {@link UpgradeRouter}. */
export interface UpgradeRouterOptions {
  readonly site: SiteName;
  readonly trustProxy: boolean;
  readonly allowedOrigins: ReadonlySet<string>;
  readonly hosts: HostRules;
  readonly sessions: SessionProvider;
  readonly failures: RequestFailureLog;
  readonly logger: Logger;
}

const retryAfter = { "retry-after": "2" };

/** Checks the requests for WebSockets of a site, and passes the connections to the handlers of their paths. */
export class UpgradeRouter implements Disposable {
  readonly #options: UpgradeRouterOptions;
  readonly #handlers = new Map<string, Handlers>();
  /** Each with the tracking of its session. Connections may stay open for days: each has one entry and one listener. */
  readonly #sockets = new Map<Duplex, Disposable | undefined>();
  #isClosing = false;

  constructor(options: UpgradeRouterOptions) {
    this.#options = options;
  }

  /**
   * Registers the handler of a path until the result is disposed.
   *
   * @param onLoginNeeded Takes the connections of browsers that have to log in: pages cannot read an HTTP error. Default: they get
   *   an HTTP error.
   * @throws Error when the path has a handler already.
   */
  handle(path: string, handler: UpgradeHandler, onLoginNeeded?: LoginNeededHandler): Disposable {
    if (this.#handlers.has(path)) throw new Error(`There is a handler for upgrades of ${path} already.`);
    this.#handlers.set(path, { handler, onLoginNeeded });
    return { [Symbol.dispose]: () => void this.#handlers.delete(path) };
  }

  /** Refuses all further upgrades. */
  close(): void {
    this.#isClosing = true;
  }

  /** Closes the remaining connections. */
  [Symbol.dispose](): void {
    this.close();
    for (const socket of this.#sockets.keys()) socket.destroy();
  }

  /** Checks an upgrade and passes it on. */
  async route(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    this.#sockets.set(socket, undefined);
    socket.once("close", () => {
      this.#sockets.get(socket)?.[Symbol.dispose]();
      this.#sockets.delete(socket);
    });
    // Until a handler takes it over.
    const ignore = (): void => void socket.destroy();
    socket.on("error", ignore);
    try {
      await this.#route(request, socket, head, () => socket.off("error", ignore));
    } catch (error) {
      this.#options.failures.log({ err: error }, "An upgrade failed: %s", messageOf(error));
      if (socket.writable) sendUpgradeError(socket, 500);
    }
  }

  async #route(request: IncomingMessage, socket: Duplex, head: Buffer, handOver: () => void): Promise<void> {
    const { hosts, allowedOrigins, sessions, failures, logger } = this.#options;
    if (!normalizeTarget(request)) return sendUpgradeError(socket, 400);
    if (this.#isClosing) return sendUpgradeError(socket, 503, { headers: retryAfter });
    const [path = "", query] = request.url?.split("?", 2) ?? [];
    if (!this.#handlers.has(path)) return sendUpgradeError(socket, 404);
    const site = withClaim(siteRequestOf(request, this.#options), query);
    if (isMisdirected(request.socket, site, hosts)) {
      failures.log({ address: site.address }, misdirectedLogText, site.origin, site.site);
      return sendUpgradeError(socket, 421, { message: misdirectedMessage });
    }
    if (isForbiddenCrossOrigin("upgrade", site, allowedOrigins)) {
      const from = site.headers.origin ?? "a page of unknown origin";
      failures.log(
        { address: site.address, path },
        "A WebSocket was refused: %s is not an allowed origin",
        from.slice(0, 200),
      );
      return sendUpgradeError(socket, 403, { message: crossOriginMessage });
    }
    const result = await sessions.authenticate(site);
    if (socket.destroyed) return;
    // The handler may have been removed, or the site closed, during the authentication.
    const handlers = this.#handlers.get(path);
    if (handlers === undefined || this.#isClosing) return sendUpgradeError(socket, 503, { headers: retryAfter });
    if (!result.ok) {
      logger.debug("%s: a WebSocket was refused: %s", site.address, result.reason);
      if (result.reason === "unavailable") return sendUpgradeError(socket, 503, { headers: retryAfter });
      if (result.reason === "login" && handlers.onLoginNeeded !== undefined) {
        handOver();
        return handlers.onLoginNeeded(request, socket, head);
      }
      return sendUpgradeError(socket, result.reason === "login" ? 401 : 403);
    }
    this.#sockets.set(socket, sessions.track(result.session));
    handOver();
    return handlers.handler(request, socket, head, result.session);
  }
}

/** Adds the device that the URL claims: `?device=<uuid>`. */
function withClaim(site: SiteRequest, query: string | undefined): SiteRequest {
  const claimedDevice = new URLSearchParams(query).get("device");
  return claimedDevice === null ? site : { ...site, claimedDevice };
}
