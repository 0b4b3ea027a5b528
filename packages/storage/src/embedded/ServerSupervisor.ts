import { setTimeout as delay } from "node:timers/promises";
import { messageOf } from "@peek/errors";
import { Backoff } from "@peek/kit";
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
  /** Without jitter: there is one server per folder. */
  readonly #backoff = new Backoff({ firstMs: firstDelayMs, maxMs: maxDelayMs, fixedShare: 1 });

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
      if (performance.now() - startedAt > stableAfterMs) this.#backoff.reset();
      await this.#restart();
      startedAt = performance.now();
    }
    await this.#server.end();
  }

  async #restart(): Promise<void> {
    const { signal } = this.#stopping;
    const began = performance.now();
    let delayMs = this.#backoff.next();
    while (!signal.aborted) {
      try {
        await delay(delayMs, undefined, { signal });
        this.#server = await this.#start(signal);
        const seconds = ((performance.now() - began) / 1000).toFixed(1);
        this.#logger.info("The embedded PostgreSQL runs again after %s s, process %d", seconds, this.#server.pid);
        return;
      } catch (error) {
        if (signal.aborted) return;
        delayMs = this.#backoff.next();
        this.#logger.error("%s Trying again in %s s", messageOf(error), (delayMs / 1000).toFixed(1));
      }
    }
  }
}
