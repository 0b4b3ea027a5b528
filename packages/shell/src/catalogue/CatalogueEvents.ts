import type { Store } from "@peek/client";
import { webPaths } from "@peek/web/protocol";
import { Value } from "../store/Value.ts";

const firstDelayMs = 1000;
const longestDelayMs = 30_000;

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
  #source: EventSource | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
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
    const source = new EventSource(webPaths.events);
    this.#source = source;
    source.addEventListener("open", () => {
      this.#delayMs = firstDelayMs;
      this.#state.set({ isConnected: true });
    });
    source.addEventListener("catalogue", (event: MessageEvent<unknown>) => {
      if (typeof event.data === "string") this.#handlers.catalogue(event.data);
    });
    source.addEventListener("login", () => {
      this.#end();
      this.#state.set({ isConnected: false, lostAt: new Date() });
      this.#handlers.login();
    });
    source.addEventListener("error", () => this.#failed());
  }

  [Symbol.dispose](): void {
    removeEventListener("online", this.#onOnline);
    this.#end();
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
    this.#source?.close();
    this.#source = undefined;
  }
}
