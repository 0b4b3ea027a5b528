import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { PeekError } from "@peek/errors";
import { webBeatMs, type WebEvent } from "@peek/web/protocol";
import { type WebSocket, WebSocketServer } from "ws";
import type { SiteSession } from "../sessions/SessionProvider.ts";
import { sendUpgradeError } from "../site/sendUpgradeError.ts";
import type { WebCatalogues } from "./WebCatalogues.ts";
import type { WebModules } from "./WebModules.ts";

/** The limits of the connections for events. */
export interface EventLimits {
  /** The number of connections of the site. Default: 10,000. */
  readonly sockets?: number;
  /** The number of connections of one user: one for each tab. Default: 100. */
  readonly socketsOfUser?: number;
  /** How often a beat is sent. A browser that has not answered the one before is disconnected. Default: 20,000. */
  readonly beatMs?: number;
}

/** How long changes are collected before they are announced. */
const delayMs = 100;
/** The bytes that may wait for a browser that does not read. */
const maxWaiting = 64 * 1024;
/** A browser sends nothing. */
const maxPayload = 1024;
/** The status of a closed connection: the site is going away. */
const goingAway = 1001;
/** How long a browser without a session may take to close its connection. */
const closeMs = 1000;
const retryAfter = { "retry-after": "2" };

interface Listener {
  readonly session: SiteSession;
  readonly socket: WebSocket;
  etag: string | undefined;
  hasAnswered: boolean;
}

/** The options of {@link CatalogueSockets}. */
export interface CatalogueSocketsOptions extends EventLimits {
  readonly modules: WebModules;
  readonly catalogues: WebCatalogues;
  /** How long the plugins of a service that starts are waited for. */
  readonly startMs: number;
}

/** Announces changes of the catalogue to browsers, by WebSockets. Disposal closes all of them. */
export class CatalogueSockets implements Disposable {
  readonly #options: CatalogueSocketsOptions;
  readonly #server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload,
  });
  readonly #listeners = new Set<Listener>();
  readonly #byUser = new Map<string, number>();
  readonly #change: Disposable;
  readonly #beat: NodeJS.Timeout;
  #announcing: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(options: CatalogueSocketsOptions) {
    this.#options = options;
    this.#change = options.catalogues.onChange(() => this.#changed());
    this.#beat = setInterval(() => this.#sendBeat(), options.beatMs ?? webBeatMs);
    this.#beat.unref();
  }

  /** Takes over a connection whose session the site tracks until its end. */
  accept(request: IncomingMessage, socket: Duplex, head: Buffer, session: SiteSession): void {
    const { sockets = 10_000, socketsOfUser = 100 } = this.#options;
    if (this.#isClosed) return sendUpgradeError(socket, 503, { headers: retryAfter });
    if (this.#listeners.size >= sockets || this.#ofUser(session) >= socketsOfUser) {
      return sendUpgradeError(socket, 503, { headers: retryAfter });
    }
    this.#server.handleUpgrade(request, socket, head, (opened) => this.#listen(opened, session));
  }

  /** Notifies a browser without a session: a page cannot read why a connection was refused. */
  requireLogin(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    this.#server.handleUpgrade(request, socket, head, (opened) => {
      opened.on("error", () => opened.terminate());
      const timer = setTimeout(() => opened.terminate(), closeMs);
      opened.once("close", () => clearTimeout(timer));
      send(opened, { event: "login" });
      opened.close();
    });
  }

  [Symbol.dispose](): void {
    this.#isClosed = true;
    this.#change[Symbol.dispose]();
    clearInterval(this.#beat);
    clearTimeout(this.#announcing);
    for (const { socket } of this.#listeners) socket.close(goingAway);
  }

  #listen(socket: WebSocket, session: SiteSession): void {
    const listener: Listener = { session, socket, etag: undefined, hasAnswered: true };
    this.#listeners.add(listener);
    this.#byUser.set(session.user.id, this.#ofUser(session) + 1);
    const onEnd = (): void => sessionEnded(listener);
    session.ended.addEventListener("abort", onEnd, { once: true });
    socket.on("error", () => socket.terminate());
    socket.on("pong", () => (listener.hasAnswered = true));
    socket.once("close", () => {
      session.ended.removeEventListener("abort", onEnd);
      this.#forget(listener);
    });
    if (session.ended.aborted) onEnd();
    else void this.#begin(listener);
  }

  async #begin(listener: Listener): Promise<void> {
    const { modules, catalogues, startMs } = this.#options;
    if (!(await modules.complete(startMs))) {
      // The browser tries it again.
      listener.socket.close(goingAway);
      return;
    }
    await catalogues.refresh();
    this.#announceTo(listener);
  }

  #changed(): void {
    this.#announcing ??= setTimeout(() => void this.#announce(), delayMs);
  }

  async #announce(): Promise<void> {
    this.#announcing = undefined;
    const { modules, catalogues } = this.#options;
    if (this.#listeners.size === 0 || !(await modules.complete(0))) return;
    await catalogues.refresh();
    for (const listener of this.#listeners) this.#announceTo(listener);
  }

  #announceTo(listener: Listener): void {
    const { etag } = this.#options.catalogues.of(listener.session.user);
    if (etag === listener.etag) return;
    listener.etag = etag;
    send(listener.socket, { event: "catalogue", etag });
  }

  #sendBeat(): void {
    for (const listener of this.#listeners) {
      if (!listener.hasAnswered) {
        listener.socket.terminate();
        continue;
      }
      listener.hasAnswered = false;
      listener.socket.ping();
      send(listener.socket, { event: "beat" });
    }
  }

  #ofUser({ user }: SiteSession): number {
    return this.#byUser.get(user.id) ?? 0;
  }

  #forget(listener: Listener): void {
    this.#listeners.delete(listener);
    const left = this.#ofUser(listener.session) - 1;
    if (left === 0) this.#byUser.delete(listener.session.user.id);
    else this.#byUser.set(listener.session.user.id, left);
  }
}

function sessionEnded({ session, socket }: Listener): void {
  const { reason } = session.ended;
  // A user who has been changed is still logged in: the browser connects again.
  if (!PeekError.is(reason) || reason.code !== "SESSION_CHANGED") send(socket, { event: "login" });
  socket.close();
}

function send(socket: WebSocket, event: WebEvent): void {
  if (socket.readyState !== socket.OPEN) return;
  if (socket.bufferedAmount > maxWaiting) socket.terminate();
  else socket.send(JSON.stringify(event));
}
