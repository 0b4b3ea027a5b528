import type { Store } from "@peek/client";
import { webBeatMs, webEventSchema, webPaths } from "@peek/web/protocol";
import { Value } from "../store/Value.ts";
import { parseJson } from "./parseJson.ts";

const firstDelayMs = 1000;
const longestDelayMs = 30_000;
/** A site that has sent nothing for this time has been lost. */
const silenceMs = 2.5 * webBeatMs;

/** The reactions to the events of a site. */
export interface CatalogueEventsHandlers {
  /** The site has a catalogue with this ETag. */
  catalogue(etag: string): void;
  /** The session has ended. */
  login(): void;
  /** The connection was lost, or refused. */
  lost(): void;
}

/** Whether the events of a site arrive. */
export interface EventsState {
  readonly isConnected: boolean;
  /** When the last event arrived, while there is no connection; undefined if there was none. */
  readonly lostAt?: Date | undefined;
}

/** Follows the events of the site, and connects again after a failure: later and later, and at once when the network is back. */
export class CatalogueEvents implements Disposable {
  readonly #handlers: CatalogueEventsHandlers;
  readonly #state = new Value<EventsState>({ isConnected: false });
  /** Ends the present connection without a further call. */
  #connection: AbortController | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #silence: ReturnType<typeof setTimeout> | undefined;
  #delayMs = firstDelayMs;
  readonly #onOnline = (): void => this.connect();

  constructor(handlers: CatalogueEventsHandlers) {
    this.#handlers = handlers;
    addEventListener("online", this.#onOnline);
  }

  get state(): Store<EventsState> {
    return this.#state;
  }

  /** Connects now, in place of a connection that there is. */
  connect(): void {
    this.#end();
    const socket = new WebSocket(`${location.origin.replace("http", "ws")}${webPaths.events}`);
    const connection = new AbortController();
    const { signal } = connection;
    this.#connection = connection;
    signal.addEventListener("abort", () => socket.close());
    this.#awaitSign();
    socket.addEventListener(
      "message",
      ({ data }: MessageEvent<unknown>) => {
        this.#awaitSign();
        this.#take(data);
      },
      { signal },
    );
    socket.addEventListener("close", () => this.#failed(), { signal });
  }

  [Symbol.dispose](): void {
    removeEventListener("online", this.#onOnline);
    this.#end();
  }

  #take(data: unknown): void {
    const parsed = webEventSchema.safeParse(typeof data === "string" ? parseJson(data) : undefined);
    // A later version of the site may send more.
    if (!parsed.success) return;
    const event = parsed.data;
    if (event.event === "login") {
      this.#end();
      this.#state.set({ isConnected: false, lostAt: new Date() });
      this.#handlers.login();
      return;
    }
    this.#delayMs = firstDelayMs;
    if (!this.#state.getSnapshot().isConnected) this.#state.set({ isConnected: true });
    if (event.event === "catalogue") this.#handlers.catalogue(event.etag);
  }

  #awaitSign(): void {
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => this.#failed(), silenceMs);
  }

  #failed(): void {
    this.#end();
    const { isConnected, lostAt } = this.#state.getSnapshot();
    this.#state.set({ isConnected: false, lostAt: isConnected ? new Date() : lostAt });
    // Tabs that a restart of the site has cut off must not return all at once.
    this.#timer = setTimeout(() => this.connect(), this.#delayMs * (0.5 + Math.random() / 2));
    this.#delayMs = Math.min(this.#delayMs * 2, longestDelayMs);
    this.#handlers.lost();
  }

  #end(): void {
    clearTimeout(this.#timer);
    clearTimeout(this.#silence);
    this.#connection?.abort();
    this.#connection = undefined;
  }
}
