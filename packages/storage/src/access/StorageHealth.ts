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
  readonly #onTrouble: () => void;
  #since = new Date();
  #error: string | undefined;
  #everReached = false;
  #suspected = false;
  readonly #graceMs: number;
  /** When it was lost, by `performance.now()`; undefined when that was told, or is no error yet. */
  #untoldSince: number | undefined;

  /**
   * @param onTrouble Called when it was there and is so no more, or may be.
   * @param graceMs How long it may be away before that is an error in the log, as when logic is started again with its embedded
   *   database; milliseconds. Default: none.
   */
  constructor(logger: Logger, onTrouble: () => void, graceMs = 0) {
    this.#logger = logger;
    this.#onTrouble = onTrouble;
    this.#graceMs = graceMs;
  }

  /** Whether it has not answered somebody in time, and nobody else has spoken to it since. */
  get suspected(): boolean {
    return this.#suspected;
  }

  get available(): boolean {
    return this.#error === undefined;
  }

  /** It was spoken to. */
  reached(): void {
    this.#everReached = true;
    this.#suspected = false;
    if (this.available) return;
    const seconds = (Date.now() - this.#since.getTime()) / 1000;
    this.#logger.info("The database can be reached again, after %s s", seconds.toFixed(1));
    this.#error = undefined;
    this.#untoldSince = undefined;
    this.#since = new Date();
  }

  /** It could not be spoken to. Before it ever was, whoever opens the storage tells of that. */
  lost(error: PeekError): void {
    if (!this.#everReached) return;
    if (!this.available) {
      this.#tellIfLasting(error);
      return;
    }
    this.#error = error.message;
    this.#since = new Date();
    this.#tell(error, this.#graceMs === 0 ? "error" : "info");
    if (this.#graceMs > 0) this.#untoldSince = performance.now();
    this.#onTrouble();
  }

  #tellIfLasting(error: PeekError): void {
    if (this.#untoldSince === undefined || performance.now() - this.#untoldSince < this.#graceMs) return;
    this.#untoldSince = undefined;
    this.#tell(error, "error");
  }

  #tell({ code, message }: PeekError, level: "info" | "error"): void {
    this.#logger[level]({ code }, "%s. Calls of plugins fail until it is back", message.replace(/\.$/, ""));
  }

  /** A connection has come to its end, for this reason. */
  noticed(error: PeekError): void {
    if (error.code === "STORAGE_UNAVAILABLE" || error.fields["connectionLost"] === true) this.suspect();
  }

  /** It may be lost: whether it is, is found out by asking. */
  suspect(): void {
    if (!this.available || this.#suspected) return;
    this.#suspected = true;
    this.#onTrouble();
  }

  status(): HealthStatus {
    return {
      available: this.available,
      since: this.#since.toISOString(),
      ...(this.#error !== undefined && { error: this.#error }),
    };
  }
}
