import type { ServiceName } from "@peek/plugin-base";
import type { Bus } from "@peek/bus";

/** Follows who of a service is connected. */
export class ServiceWatcher {
  readonly #bus: Bus;
  readonly #service: ServiceName;
  #isComplete = false;
  #settled = Promise.withResolvers<void>();
  #round = 0;
  readonly #onComplete: () => void;

  /** @param onComplete Called when all who are there are known. */
  constructor(bus: Bus, service: ServiceName, onComplete: () => void) {
    this.#bus = bus;
    this.#service = service;
    this.#onComplete = onComplete;
    void this.#begin();
  }

  /** Whether all who are there are known; before the first answer, some may be missing. */
  get isComplete(): boolean {
    return this.#isComplete;
  }

  /** Settles when it is complete, or when nobody can be asked now. */
  get settled(): Promise<void> {
    return this.#settled.promise;
  }

  /** The bus has another state. */
  stateChanged(): void {
    if (this.#bus.state === "connected") {
      this.#settled.resolve();
      this.#settled = Promise.withResolvers<void>();
      void this.#begin();
      return;
    }
    // What is still to come of the lost connection says nothing.
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
      // The bus was disposed, or lost its connection: then it has another state, or will have.
    }
    if (round !== this.#round) return;
    this.#isComplete = true;
    this.#settled.resolve();
    this.#onComplete();
  }
}
