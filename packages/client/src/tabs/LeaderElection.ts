import type { StorageBackend } from "../storage/StorageBackend.ts";

/** How long a lease lasts, and how often it is renewed, or asked for; milliseconds. */
const leaseMs = 8000;
const renewMs = 2500;

/**
 * Which of the tabs sends the actions of a user: one that is connected. Where the browser has no locks, as on pages without TLS,
 * there is a lease in the device's database. Two that send at once do no harm but to the order in which they try.
 */
export class LeaderElection implements Disposable {
  readonly #storage: StorageBackend;
  readonly #tab: string;
  readonly #changed: (isOurs: boolean) => void;
  /** Ends what is under way; undefined while nothing is. */
  #end: (() => void) | undefined;
  #isOurs = false;

  /** @param changed Called when this tab gets the turn, or has lost it. */
  constructor(storage: StorageBackend, tab: string, changed: (isOurs: boolean) => void) {
    this.#storage = storage;
    this.#tab = tab;
    this.#changed = changed;
  }

  /** Whether this tab sends. */
  get isOurs(): boolean {
    return this.#isOurs;
  }

  /** Asks for it. */
  take(name: string): void {
    this.release();
    if (!this.#storage.isShared) {
      this.#end = () => undefined;
      this.#set(true);
    } else if (typeof navigator === "object" && "locks" in navigator) this.#lock(name);
    else this.#lease(name);
  }

  /** Gives it up, or does not ask for it any more. */
  release(): void {
    const end = this.#end;
    this.#end = undefined;
    end?.();
    this.#set(false);
  }

  [Symbol.dispose](): void {
    this.release();
  }

  #set(isOurs: boolean): void {
    if (this.#isOurs === isOurs) return;
    this.#isOurs = isOurs;
    this.#changed(isOurs);
  }

  #lock(name: string): void {
    const asking = new AbortController();
    const held = Promise.withResolvers<void>();
    const end = (): void => {
      held.resolve();
      asking.abort();
    };
    this.#end = end;
    const hold = (): Promise<void> => {
      if (this.#end === end) this.#set(true);
      return held.promise;
    };
    navigator.locks.request(name, { signal: asking.signal }, hold).catch(() => {
      // Given up while it waited; or the page may not have locks after all.
      if (this.#end === end) this.#lease(name);
    });
  }

  #lease(name: string): void {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const end = (): void => {
      clearTimeout(timer);
      void this.#storage.lease(name, this.#tab, 0).catch(() => undefined);
    };
    this.#end = end;
    const renew = async (): Promise<void> => {
      const has = await this.#storage.lease(name, this.#tab, leaseMs).catch(() => false);
      if (this.#end !== end) {
        if (has) await this.#storage.lease(name, this.#tab, 0).catch(() => false);
        return;
      }
      this.#set(has);
      timer = setTimeout(() => void renew(), renewMs);
    };
    void renew();
  }
}
