/** A channel that loads its tuples. */
export interface Loadable {
  /** Never rejects. */
  load(): Promise<void>;
}

/** How many loads of one plugin run at a time. */
const defaultLimit = 16;

/** Runs the loads of a plugin's channels in the order of their requests, a limited number at a time. */
export class LoadScheduler {
  readonly #limit: number;
  readonly #waiting = new Set<Loadable>();
  #running = 0;
  #isPaused = false;
  /** While somebody waits until nothing is loaded. */
  #idle: PromiseWithResolvers<void> | undefined;

  /** @param limit How many run at a time. Default: 16. */
  constructor(limit: number = defaultLimit) {
    this.#limit = limit;
  }

  /** Requests a load. A channel that waits already is loaded once. */
  request(channel: Loadable): void {
    this.#waiting.add(channel);
    this.#start();
  }

  cancel(channel: Loadable): void {
    this.#waiting.delete(channel);
  }

  /** Starts no load until {@link resume}. */
  pause(): void {
    this.#isPaused = true;
  }

  /** Starts the loads that were requested meanwhile. */
  resume(): void {
    this.#isPaused = false;
    this.#start();
  }

  /** Resolves when no load runs. */
  async idle(): Promise<void> {
    if (this.#running === 0) return;
    this.#idle ??= Promise.withResolvers();
    await this.#idle.promise;
  }

  #start(): void {
    if (this.#isPaused) return;
    for (const channel of this.#waiting) {
      if (this.#running >= this.#limit) return;
      this.#waiting.delete(channel);
      this.#running += 1;
      void this.#run(channel);
    }
  }

  async #run(channel: Loadable): Promise<void> {
    await channel.load();
    this.#running -= 1;
    this.#start();
    if (this.#running > 0) return;
    this.#idle?.resolve();
    this.#idle = undefined;
  }
}
