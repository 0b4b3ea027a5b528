import { setTimeout as delay } from "node:timers/promises";
import { messageOf } from "@peek/errors";
import type { Logger } from "@peek/plugin-base";
import type { ServerProcess } from "./ServerProcess.ts";

const firstPauseMs = 100;
const longestPauseMs = 10_000;
/** A server that ran this long did not die of its start: the next pause is a short one again. */
const soundAfterMs = 60_000;

/** Starts a server; the signal gives it up. */
export type StartServer = (signal: AbortSignal) => Promise<ServerProcess>;

/** Keeps a server running: when it dies, it is started again, until it is to stop. */
export class ServerSupervisor {
  readonly #start: StartServer;
  readonly #logger: Logger;
  readonly #stopping = new AbortController();
  readonly #supervision: Promise<void>;
  #server: ServerProcess;
  #pauseMs = firstPauseMs;

  /**
   * @param server The one that runs.
   * @param start Starts another on the same folder and address.
   */
  constructor(server: ServerProcess, start: StartServer, logger: Logger) {
    this.#server = server;
    this.#start = start;
    this.#logger = logger;
    this.#supervision = this.#supervise();
  }

  /** Ends the server, or its start, and starts no other. */
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
      this.#logger.error("The embedded PostgreSQL ended though it should run: %s. It is started again", end);
      if (performance.now() - startedAt > soundAfterMs) this.#pauseMs = firstPauseMs;
      await this.#startAgain();
      startedAt = performance.now();
    }
    await this.#server.end();
  }

  async #startAgain(): Promise<void> {
    const { signal } = this.#stopping;
    const began = performance.now();
    while (!signal.aborted) {
      try {
        await delay(this.#nextPause(), undefined, { signal });
        this.#server = await this.#start(signal);
        const seconds = ((performance.now() - began) / 1000).toFixed(1);
        this.#logger.info("The embedded PostgreSQL runs again after %s s, process %d", seconds, this.#server.pid);
        return;
      } catch (error) {
        if (signal.aborted) return;
        this.#logger.error("%s It is tried again in %d s", messageOf(error), this.#pauseMs / 1000);
      }
    }
  }

  #nextPause(): number {
    const pauseMs = this.#pauseMs;
    this.#pauseMs = Math.min(pauseMs * 2, longestPauseMs);
    return pauseMs;
  }
}
