import type { StorageBackend } from "../storage/StorageBackend.ts";

/** The duration of a lease, and the time between two requests for it. */
const leaseMs = 8000;
const renewIntervalMs = 2500;

/**
 * Elects the tab that sends the actions of a user: one with a connection. It uses Web Locks, or a lease in the device's database where
 * there are none, as on pages without TLS. The order of execution does not depend on it: two leaders only waste attempts.
 */
export class LeaderElection implements Disposable {
  readonly #storage: StorageBackend;
  readonly #tab: string;
  readonly #changed: (isLeader: boolean) => void;
  /** Leaves the present election; undefined outside of one. */
  #end: (() => void) | undefined;
  #isLeader = false;

  /** @param changed Called when this tab has become the leader, or no longer is. */
  constructor(storage: StorageBackend, tab: string, changed: (isLeader: boolean) => void) {
    this.#storage = storage;
    this.#tab = tab;
    this.#changed = changed;
  }

  get isLeader(): boolean {
    return this.#isLeader;
  }

  /** Takes part in the election of a name. */
  join(name: string): void {
    this.leave();
    if (!this.#storage.isShared) {
      this.#end = () => undefined;
      this.#set(true);
    } else if (typeof navigator === "object" && "locks" in navigator) this.#lock(name);
    else this.#lease(name);
  }

  /** Gives up the leadership, or the candidacy. */
  leave(): void {
    const end = this.#end;
    this.#end = undefined;
    end?.();
    this.#set(false);
  }

  [Symbol.dispose](): void {
    this.leave();
  }

  #set(isLeader: boolean): void {
    if (this.#isLeader === isLeader) return;
    this.#isLeader = isLeader;
    this.#changed(isLeader);
  }

  #lock(name: string): void {
    const request = new AbortController();
    const held = Promise.withResolvers<void>();
    const end = (): void => {
      held.resolve();
      request.abort();
    };
    this.#end = end;
    const hold = (): Promise<void> => {
      if (this.#end === end) this.#set(true);
      return held.promise;
    };
    navigator.locks.request(name, { signal: request.signal }, hold).catch(() => {
      // Unless it was aborted, the page may not use locks.
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
      timer = setTimeout(() => void renew(), renewIntervalMs);
    };
    void renew();
  }
}
