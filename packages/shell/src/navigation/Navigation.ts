import type { Store } from "@peek/client";
import { Value } from "../store/Value.ts";

/** The options of `navigate`. */
export interface NavigationOptions {
  readonly replace?: boolean;
}

/** A page that the user wants to open while the present one has something unsaved. */
export interface HeldNavigation {
  /** Opens it. */
  leave(this: void): void;
  /** Stays on the present page. */
  stay(this: void): void;
}

/**
 * The address of the app, and the pages that must not be left unasked: while one is held, a navigation waits for the user's decision.
 */
export class Navigation implements Disposable {
  readonly #path = new Value(location.pathname);
  readonly #held = new Value<HeldNavigation | undefined>(undefined);
  readonly #isHeldState = new Value(false);
  readonly #holds = new Set<object>();
  readonly #onPopState = (): void => this.#moved();
  readonly #onBeforeUnload = (event: BeforeUnloadEvent): void => {
    if (this.#holds.size > 0) event.preventDefault();
  };

  constructor() {
    addEventListener("popstate", this.#onPopState);
    addEventListener("beforeunload", this.#onBeforeUnload);
  }

  /** The path of the page that is shown. */
  get path(): Store<string> {
    return this.#path;
  }

  /** A navigation that waits for the user's decision. */
  get held(): Store<HeldNavigation | undefined> {
    return this.#held;
  }

  /** Whether the page has something unsaved. */
  get isHeld(): Store<boolean> {
    return this.#isHeldState;
  }

  navigate(path: string, { replace = false }: NavigationOptions = {}): void {
    this.#ask(() => {
      if (replace) history.replaceState(null, "", path);
      else history.pushState(null, "", path);
      this.#show();
    });
  }

  /** Asks before the page is left. @returns A function that ends this. */
  hold(): () => void {
    const hold = {};
    this.#holds.add(hold);
    this.#isHeldState.set(true);
    return () => {
      this.#holds.delete(hold);
      this.#isHeldState.set(this.#holds.size > 0);
    };
  }

  [Symbol.dispose](): void {
    removeEventListener("popstate", this.#onPopState);
    removeEventListener("beforeunload", this.#onBeforeUnload);
  }

  /** The browser has gone back or forward: the address has changed already. */
  #moved(): void {
    const target = location.pathname + location.search + location.hash;
    if (this.#holds.size === 0) return this.#show();
    history.pushState(null, "", this.#path.getSnapshot());
    this.#ask(() => {
      history.replaceState(null, "", target);
      this.#show();
    });
  }

  #ask(go: () => void): void {
    if (this.#holds.size === 0) return go();
    const end = (): void => this.#held.set(undefined);
    this.#held.set({
      leave: () => {
        end();
        this.#holds.clear();
        this.#isHeldState.set(false);
        go();
      },
      stay: end,
    });
  }

  #show(): void {
    if (location.pathname === this.#path.getSnapshot()) return;
    this.#path.set(location.pathname);
    scrollTo(0, 0);
  }
}
