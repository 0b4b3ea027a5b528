import type { PeekError } from "@peek/errors";
import type { Logger } from "@peek/plugin-base";

/** Whether the database can be reached, as far as is known. */
export interface HealthStatus {
  readonly available: boolean;
  /** The time of the last change of `available`; ISO 8601, UTC. */
  readonly since: string;
  /** Why the database is not available. */
  readonly error?: string;
}

/** Records whether the database can be reached, and logs each change once. */
export class StorageHealth {
  readonly #logger: Logger;
  readonly #onTrouble: () => void;
  #since = new Date();
  #error: string | undefined;
  #everReached = false;
  #suspected = false;
  #suspicions = 0;
  readonly #graceMs: number;
  /** When the loss was noticed, by `performance.now()`, as long as it has not been logged as an error. */
  #unreportedSince: number | undefined;

  /**
   * @param onTrouble Called when the database was lost, or may be.
   * @param graceMs For how long a loss is no error in the log, for example while logic restarts with its embedded
   *   database. Default: 0.
   */
  constructor(logger: Logger, onTrouble: () => void, graceMs = 0) {
    this.#logger = logger;
    this.#onTrouble = onTrouble;
    this.#graceMs = graceMs;
  }

  /** Whether a connection has failed, and none has answered since. */
  get suspected(): boolean {
    return this.#suspected;
  }

  get available(): boolean {
    return this.#error === undefined;
  }

  /** How many times the database was suspected. */
  get suspicions(): number {
    return this.#suspicions;
  }

  /**
   * The database has answered.
   *
   * @param suspicions The number of suspicions when it was asked: later ones stay. Default: none stays.
   */
  reached(suspicions = this.#suspicions): void {
    this.#everReached = true;
    this.#suspected = this.#suspicions !== suspicions;
    if (this.available) return;
    const seconds = (Date.now() - this.#since.getTime()) / 1000;
    this.#logger.info("The database can be reached again, after %s s", seconds.toFixed(1));
    this.#error = undefined;
    this.#unreportedSince = undefined;
    this.#since = new Date();
  }

  /** The database cannot be reached. Before its first answer, the code that opens the storage reports that. */
  lost(error: PeekError): void {
    if (!this.#everReached) return;
    if (!this.available) {
      this.#reportAfterGrace(error);
      return;
    }
    this.#error = error.message;
    this.#since = new Date();
    this.#report(error, this.#graceMs === 0 ? "error" : "info");
    if (this.#graceMs > 0) this.#unreportedSince = performance.now();
    this.#onTrouble();
  }

  /** A connection has failed with this error. */
  connectionFailed(error: PeekError): void {
    if (error.code === "STORAGE_UNAVAILABLE" || error.fields["connectionLost"] === true) this.suspect();
  }

  /** The database may be lost: a probe decides. */
  suspect(): void {
    if (!this.available) return;
    this.#suspicions += 1;
    if (this.#suspected) return;
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

  #reportAfterGrace(error: PeekError): void {
    if (this.#unreportedSince === undefined || performance.now() - this.#unreportedSince < this.#graceMs) return;
    this.#unreportedSince = undefined;
    this.#report(error, "error");
  }

  #report({ code, message }: PeekError, level: "info" | "error"): void {
    this.#logger[level]({ code }, "%s. Calls of plugins fail until it is back", message.replace(/\.$/, ""));
  }
}
