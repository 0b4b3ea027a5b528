/** How often the client reads `navigator.onLine`: not every browser sends events. */
const networkCheckIntervalMs = 1000;
/** The events that show that the user uses the page. */
const inputEvents = ["focus", "pointerdown", "keydown", "wheel"];

/** The events of a page that matter to a connection. Outside of browsers there are none. */
export interface PageEventListener {
  /** The page is visible again. */
  visible(): void;
  /** The page may be gone soon. */
  hidden(): void;
  /** The user uses the page: its data should be current. */
  used(): void;
  /** The device says that it has a network again. */
  online(): void;
  /** The device says that it has no network. */
  offline(): void;
}

/** Listens to the events of the page. */
export class PageEvents implements Disposable {
  readonly #listener: PageEventListener;
  readonly #ends: (() => void)[] = [];
  #hasNetwork = true;

  constructor(listener: PageEventListener) {
    this.#listener = listener;
    const page = typeof window === "object" ? window : undefined;
    this.#on(page, "online", () => this.#setNetwork(true));
    this.#on(page, "offline", () => this.#setNetwork(false));
    this.#on(page, "pageshow", () => listener.visible());
    this.#on(page, "pagehide", () => listener.hidden());
    for (const event of inputEvents) {
      // Before the page's own listeners, which may push an action.
      this.#on(page, event, () => this.#used(), { capture: true, passive: true });
    }
    if (page !== undefined) {
      const timer = setInterval(() => this.#checkNetwork(), networkCheckIntervalMs);
      this.#ends.push(() => clearInterval(timer));
    }
    this.#on(typeof document === "object" ? document : undefined, "visibilitychange", () => {
      if (document.visibilityState === "visible") listener.visible();
      else listener.hidden();
    });
  }

  [Symbol.dispose](): void {
    for (const end of this.#ends.splice(0)) end();
  }

  #used(): void {
    this.#checkNetwork();
    this.#listener.used();
  }

  #checkNetwork(): void {
    this.#setNetwork(navigator.onLine);
  }

  /** Reports changes only: a device that says that it has no network may be wrong, and its next connection stays. */
  #setNetwork(hasNetwork: boolean): void {
    if (hasNetwork === this.#hasNetwork) return;
    this.#hasNetwork = hasNetwork;
    if (hasNetwork) this.#listener.online();
    else this.#listener.offline();
  }

  #on(target: EventTarget | undefined, event: string, call: () => void, options: AddEventListenerOptions = {}): void {
    target?.addEventListener(event, call, options);
    this.#ends.push(() => target?.removeEventListener(event, call, options));
  }
}
