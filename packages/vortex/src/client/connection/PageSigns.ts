/** What a page is told that matters to a connection. Outside of browsers, nothing. */
export interface PageSignListener {
  /** The network may be back, or somebody looks at the page again. */
  wake(): void;
  /** The device says that it has no network. */
  cutOff(): void;
  /** The page may be gone soon. */
  hide(): void;
}

/** Listens to the page, until it is disposed. */
export class PageSigns implements Disposable {
  readonly #ends: (() => void)[] = [];

  constructor(listener: PageSignListener) {
    const page = typeof window === "object" ? window : undefined;
    this.#on(page, "online", () => listener.wake());
    this.#on(page, "pageshow", () => listener.wake());
    this.#on(page, "offline", () => listener.cutOff());
    this.#on(page, "pagehide", () => listener.hide());
    this.#on(typeof document === "object" ? document : undefined, "visibilitychange", () => {
      if (document.visibilityState === "visible") listener.wake();
      else listener.hide();
    });
  }

  [Symbol.dispose](): void {
    for (const end of this.#ends.splice(0)) end();
  }

  #on(target: EventTarget | undefined, event: string, call: () => void): void {
    target?.addEventListener(event, call);
    this.#ends.push(() => target?.removeEventListener(event, call));
  }
}
