/** How often it is looked whether the device has a network: not every browser tells; milliseconds. */
const lookMs = 1000;

/** What a page is told that matters to a connection. Outside of browsers, nothing. */
export interface PageEventListener {
  /** Somebody looks at the page again. */
  wake(): void;
  /** Somebody uses the page: what it shows matters now. */
  used(): void;
  /** The device says that it has a network again. */
  online(): void;
  /** The device says that it has no network. */
  cutOff(): void;
  /** The page may be gone soon. */
  hide(): void;
}

/** Listens to the page, until it is disposed. */
export class PageEvents implements Disposable {
  readonly #listener: PageEventListener;
  readonly #ends: (() => void)[] = [];
  #hasNetwork = true;

  constructor(listener: PageEventListener) {
    this.#listener = listener;
    const page = typeof window === "object" ? window : undefined;
    this.#on(page, "online", () => this.#network(true));
    this.#on(page, "offline", () => this.#network(false));
    this.#on(page, "pageshow", () => listener.wake());
    this.#on(page, "pagehide", () => listener.hide());
    for (const use of ["focus", "pointerdown", "keydown", "wheel"]) {
      // First of all: what it leads to may be a press.
      this.#on(page, use, () => this.#used(), { capture: true, passive: true });
    }
    if (page !== undefined) {
      const timer = setInterval(() => this.#look(), lookMs);
      this.#ends.push(() => clearInterval(timer));
    }
    this.#on(typeof document === "object" ? document : undefined, "visibilitychange", () => {
      if (document.visibilityState === "visible") listener.wake();
      else listener.hide();
    });
  }

  [Symbol.dispose](): void {
    for (const end of this.#ends.splice(0)) end();
  }

  #used(): void {
    this.#look();
    this.#listener.used();
  }

  #look(): void {
    this.#network(navigator.onLine);
  }

  /** A device that says that it has none may be wrong: what is connected all the same is not cut again. */
  #network(has: boolean): void {
    if (has === this.#hasNetwork) return;
    this.#hasNetwork = has;
    if (has) this.#listener.online();
    else this.#listener.cutOff();
  }

  #on(target: EventTarget | undefined, event: string, call: () => void, options: AddEventListenerOptions = {}): void {
    target?.addEventListener(event, call, options);
    this.#ends.push(() => target?.removeEventListener(event, call, options));
  }
}
