import { setTimeout as delay } from "node:timers/promises";
import { messageOf } from "@peek/errors";
import type { Logger } from "@peek/plugin-base";
import type { ServerProcess } from "./ServerProcess.ts";

const firstDelayMs = 100;
const maxDelayMs = 10_000;
/** After this time, a server counts as stable, and the backoff starts over. */
const stableAfterMs = 60_000;

/** Starts a server; the signal aborts the start. */
export type StartServer = (signal: AbortSignal) => Promise<ServerProcess>;

/** Restarts a server whenever it dies, until it is stopped. */
export class ServerSupervisor {
  readonly #start: StartServer;
  readonly #logger: Logger;
  readonly #stopping = new AbortController();
  readonly #supervision: Promise<void>;
  #server: ServerProcess;
  #delayMs = firstDelayMs;

  /**
   * @param server The running server.
   * @param start Starts another one on the same folder and address.
   */
  constructor(server: ServerProcess, start: StartServer, logger: Logger) {
    this.#server = server;
    this.#start = start;
    this.#logger = logger;
    this.#supervision = this.#supervise();
  }

  /** Stops the server, or aborts its restart. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#server.end();
    await this.#supervision;
  }

  async #supervise(): Promise<void> {
    let startedAt = performance.now();
    while (!this.#stopping.signal.aborted) {
      const end = await this.#server.ended;
      if (this.#stopping.signal.aborted) return;
      this.#logger.error("The embedded PostgreSQL ended unexpectedly: %s. Restarting it", end);
      if (performance.now() - startedAt > stableAfterMs) this.#delayMs = firstDelayMs;
      await this.#restart();
      startedAt = performance.now();
    }
    await this.#server.end();
  }

  async #restart(): Promise<void> {
    const { signal } = this.#stopping;
    const began = performance.now();
    while (!signal.aborted) {
      try {
        await delay(this.#nextDelayMs(), undefined, { signal });
        this.#server = await this.#start(signal);
        const seconds = ((performance.now() - began) / 1000).toFixed(1);
        this.#logger.info("The embedded PostgreSQL runs again after %s s, process %d", seconds, this.#server.pid);
        return;
      } catch (error) {
        if (signal.aborted) return;
        this.#logger.error("%s Trying again in %d s", messageOf(error), this.#delayMs / 1000);
      }
    }
  }

  #nextDelayMs(): number {
    const delayMs = this.#delayMs;
    this.#delayMs = Math.min(delayMs * 2, maxDelayMs);
    return delayMs;
  }
}
