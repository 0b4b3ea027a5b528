import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { messageOf } from "@peek/errors";
import type { Logger } from "@peek/plugin-base";
import type { SessionProvider, SiteSession } from "../sessions/SessionProvider.ts";
import type { FailureLog } from "./FailureLog.ts";
import type { SiteName } from "./HttpSiteOptions.ts";
import { type HostRules, isMisdirected } from "./isMisdirected.ts";
import { isForeign } from "./judgeOrigin.ts";
import { readTarget } from "./readTarget.ts";
import { refuseUpgrade } from "./refuseUpgrade.ts";
import { foreignMessage, misdirectedLog, misdirectedMessage } from "./siteMessages.ts";
import { type SiteRequest, siteRequestOf } from "./SiteRequest.ts";

/** Takes over a connection; must not throw. The session is followed until the connection is closed. */
export type UpgradeHandler = (request: IncomingMessage, socket: Duplex, head: Buffer, session: SiteSession) => void;

/** Takes over a connection of somebody who has to log in, to say so; must not throw. */
export type LoginNeededHandler = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

/** Who takes over the connections at a path. */
interface Handlers {
  readonly handler: UpgradeHandler;
  readonly onLoginNeeded: LoginNeededHandler | undefined;
}

/** What {@link Upgrades} are made of. */
export interface UpgradesOptions {
  readonly site: SiteName;
  readonly trustProxy: boolean;
  readonly allowedOrigins: ReadonlySet<string>;
  readonly hosts: HostRules;
  readonly sessions: SessionProvider;
  readonly failures: FailureLog;
  readonly logger: Logger;
}

const retryAfter = { "retry-after": "2" };

/** The WebSocket connections of a site: who may have one, and who takes it over. */
export class Upgrades implements Disposable {
  readonly #options: UpgradesOptions;
  readonly #handlers = new Map<string, Handlers>();
  /** With what follows their sessions. Many stay for days: one entry and one listener for each. */
  readonly #sockets = new Map<Duplex, Disposable | undefined>();
  #isClosing = false;

  constructor(options: UpgradesOptions) {
    this.#options = options;
  }

  /**
   * Has a function take over the upgrades at a path, until what is returned is disposed.
   *
   * @param onLoginNeeded Takes over those of browsers that have to log in: of an answer by HTTP, pages learn nothing.
   *   Default: they get one.
   * @throws Error when there is one at the path.
   */
  handle(path: string, handler: UpgradeHandler, onLoginNeeded?: LoginNeededHandler): Disposable {
    if (this.#handlers.has(path)) throw new Error(`Upgrades of ${path} are taken already`);
    this.#handlers.set(path, { handler, onLoginNeeded });
    return { [Symbol.dispose]: () => void this.#handlers.delete(path) };
  }

  /** Refuses all that come from now on. */
  close(): void {
    this.#isClosing = true;
  }

  /** Ends the connections that are left. */
  [Symbol.dispose](): void {
    this.close();
    for (const socket of this.#sockets.keys()) socket.destroy();
  }

  /** Judges an upgrade, and hands it on. */
  async take(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    this.#sockets.set(socket, undefined);
    socket.once("close", () => {
      this.#sockets.get(socket)?.[Symbol.dispose]();
      this.#sockets.delete(socket);
    });
    // Until somebody takes it over.
    const ignore = (): void => void socket.destroy();
    socket.on("error", ignore);
    try {
      await this.#take(request, socket, head, () => socket.off("error", ignore));
    } catch (error) {
      this.#options.failures.tell({ err: error }, "An upgrade failed: %s", messageOf(error));
      if (socket.writable) refuseUpgrade(socket, 500);
    }
  }

  async #take(request: IncomingMessage, socket: Duplex, head: Buffer, handOver: () => void): Promise<void> {
    const { hosts, allowedOrigins, sessions, failures, logger } = this.#options;
    if (!readTarget(request)) return refuseUpgrade(socket, 400);
    if (this.#isClosing) return refuseUpgrade(socket, 503, { headers: retryAfter });
    const [path = "", query] = request.url?.split("?", 2) ?? [];
    if (!this.#handlers.has(path)) return refuseUpgrade(socket, 404);
    const site = withClaim(siteRequestOf(request, this.#options), query);
    if (isMisdirected(request.socket, site, hosts)) {
      failures.tell({ address: site.address }, misdirectedLog, site.origin, site.site);
      return refuseUpgrade(socket, 421, { message: misdirectedMessage });
    }
    if (isForeign("upgrade", site, allowedOrigins)) {
      const from = site.headers.origin ?? "a page that does not say whose it is";
      failures.tell({ address: site.address, path }, "A WebSocket was refused: %s is not allowed", from.slice(0, 200));
      return refuseUpgrade(socket, 403, { message: foreignMessage });
    }
    const verdict = await sessions.authenticate(site);
    if (socket.destroyed) return;
    // It may have gone, and the site too, while the session was looked for.
    const handlers = this.#handlers.get(path);
    if (handlers === undefined || this.#isClosing) return refuseUpgrade(socket, 503, { headers: retryAfter });
    if (!verdict.ok) {
      logger.debug("%s: a WebSocket was refused: %s", site.address, verdict.reason);
      if (verdict.reason === "unavailable") return refuseUpgrade(socket, 503, { headers: retryAfter });
      if (verdict.reason === "login" && handlers.onLoginNeeded !== undefined) {
        handOver();
        return handlers.onLoginNeeded(request, socket, head);
      }
      return refuseUpgrade(socket, verdict.reason === "login" ? 401 : 403);
    }
    this.#sockets.set(socket, sessions.hold(verdict.session));
    handOver();
    return handlers.handler(request, socket, head, verdict.session);
  }
}

/** Adds the device that the address names: `?device=<uuid>`. */
function withClaim(site: SiteRequest, query: string | undefined): SiteRequest {
  const claimedDevice = new URLSearchParams(query).get("device");
  return claimedDevice === null ? site : { ...site, claimedDevice };
}
