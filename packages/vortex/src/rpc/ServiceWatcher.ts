import type { Bus } from "@peek/bus";
import type { ServiceName } from "@peek/plugin-base";

/** Watches which instances of a service are connected, also over new connections of the bus. */
export class ServiceWatcher {
  readonly #bus: Bus;
  readonly #service: ServiceName;
  #isComplete = false;
  #settled = Promise.withResolvers<void>();
  /** Counts the requests to the bus: only the answer to the last one counts. */
  #round = 0;
  readonly #onComplete: () => void;

  /** @param onComplete Called each time that the list of instances has become complete. */
  constructor(bus: Bus, service: ServiceName, onComplete: () => void) {
    this.#bus = bus;
    this.#service = service;
    this.#onComplete = onComplete;
    void this.#begin();
  }

  /** Whether the list of connected instances is complete. */
  get isComplete(): boolean {
    return this.#isComplete;
  }

  /** Settles when the list is complete, or the bus has lost its connection. */
  get settled(): Promise<void> {
    return this.#settled.promise;
  }

  /** The state of the bus has changed. */
  stateChanged(): void {
    if (this.#bus.state === "connected") {
      this.#settled.resolve();
      this.#settled = Promise.withResolvers<void>();
      void this.#begin();
      return;
    }
    // A late answer over the lost connection must not count.
    this.#round += 1;
    this.#isComplete = false;
    this.#settled.resolve();
  }

  async #begin(): Promise<void> {
    this.#round += 1;
    const round = this.#round;
    this.#isComplete = false;
    try {
      await this.#bus.watch(this.#service);
    } catch {
      // The bus was disposed or disconnected; its state says so.
    }
    if (round !== this.#round) return;
    this.#isComplete = true;
    this.#settled.resolve();
    this.#onComplete();
  }
}
