import type { PeekError } from "@peek/errors";
import type { Logger } from "@peek/plugin-base";

/** Whether the database can be reached, as far as is known. */
export interface HealthStatus {
  readonly available: boolean;
  /** Since when it is so; ISO 8601, UTC. */
  readonly since: string;
  /** Why it is not available. */
  readonly error?: string;
}

/** Keeps whether the database can be reached, and tells of each change once. */
export class StorageHealth {
  readonly #logger: Logger;
  readonly #onLost: () => void;
  #since = new Date();
  #error: string | undefined;
  #everReached = false;

  /** @param onLost Called when it was there and is so no more. */
  constructor(logger: Logger, onLost: () => void) {
    this.#logger = logger;
    this.#onLost = onLost;
  }

  get available(): boolean {
    return this.#error === undefined;
  }

  /** It was spoken to. */
  reached(): void {
    this.#everReached = true;
    if (this.available) return;
    const seconds = (Date.now() - this.#since.getTime()) / 1000;
    this.#logger.info("The database can be reached again, after %s s", seconds.toFixed(1));
    this.#error = undefined;
    this.#since = new Date();
  }

  /** It could not be spoken to. Before it ever was, whoever opens the storage tells of that. */
  lost(error: PeekError): void {
    if (!this.available || !this.#everReached) return;
    this.#error = error.message;
    this.#since = new Date();
    this.#logger.error(
      { code: error.code },
      "%s. Calls of plugins fail until it is back",
      error.message.replace(/\.$/, ""),
    );
    this.#onLost();
  }

  status(): HealthStatus {
    return {
      available: this.available,
      since: this.#since.toISOString(),
      ...(this.#error !== undefined && { error: this.#error }),
    };
  }
}
