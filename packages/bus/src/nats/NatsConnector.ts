import { setTimeout as wait } from "node:timers/promises";
import { messageOf } from "@peek/errors";
import type { Logger } from "@peek/plugin-base";
import { Backoff } from "@peek/kit";
import { OutageLog } from "../OutageLog.ts";
import { awaitServerInfo } from "./awaitServerInfo.ts";
import { explainNatsFailure, isRefusal } from "./explainNatsFailure.ts";
import type { NatsServerAddress, NatsSettings } from "./NatsConfig.ts";
import { NatsServerConnection, type NatsServerConnectionEvents } from "./NatsServerConnection.ts";

/** How long a server is left alone that has refused this service, at least; milliseconds. */
const refusedMs = 10_000;
/** Between two servers of which the first did not answer; milliseconds. */
const nextServerMs = 50;

/** How a {@link NatsConnector} connects. */
export interface NatsConnectorOptions {
  readonly settings: NatsSettings;
  /** What the connection is called in the server's own reports. */
  readonly name: string;
  /** Undefined for who asks for the {@link NatsConnector.trouble} and tells it. */
  readonly logger: Logger | undefined;
  /** How long one attempt may take; milliseconds. */
  readonly attemptMs: number;
  /** Says in words what a failure to connect means. Default: the error's own message. */
  readonly explain?: ((error: Error) => string | undefined) | undefined;
}

/** Connects to one of the NATS servers, however long that takes. */
export class NatsConnector {
  readonly #options: NatsConnectorOptions;
  readonly #outages: OutageLog;
  readonly #backoff = new Backoff();
  /** The next one to try; they begin at any, so that the services of a plant do not all go to the same. */
  #turn = 0;
  #failures = 0;

  constructor(options: NatsConnectorOptions) {
    const { servers } = options.settings;
    this.#options = options;
    this.#turn = Math.floor(Math.random() * servers.length);
    this.#outages = new OutageLog(options.logger, `NATS at ${servers.map(({ title }) => title).join(", ")}`);
  }

  /** Why there is no connection, as far as is known. */
  get trouble(): string | undefined {
    return this.#outages.reason;
  }

  /**
   * @returns The connection, or undefined when the signal has fired.
   */
  async connect(events: NatsServerConnectionEvents, signal: AbortSignal): Promise<NatsServerConnection | undefined> {
    while (!signal.aborted) {
      const server = this.#server();
      try {
        const link = await this.#attempt(server, events);
        if (!signal.aborted) return link;
        await link.close();
      } catch (thrown) {
        if (signal.aborted) return undefined;
        const { settings, attemptMs, explain } = this.#options;
        const why = explainNatsFailure(thrown, settings.account, attemptMs, explain);
        await this.#failed(why, isRefusal(thrown), signal);
      }
    }
    return undefined;
  }

  /** The connection is in use now. */
  connected(): void {
    this.#failures = 0;
    this.#backoff.reset();
    this.#outages.connected();
  }

  /** The connection has ended; waits until it is time to connect again. */
  async lost(reason: string, signal: AbortSignal): Promise<void> {
    await this.#failed(reason, false, signal);
  }

  async #attempt(server: NatsServerAddress, events: NatsServerConnectionEvents): Promise<NatsServerConnection> {
    const { settings, name, attemptMs } = this.#options;
    await awaitServerInfo(server, attemptMs);
    return await NatsServerConnection.open(
      {
        servers: [server.title],
        name,
        timeout: attemptMs,
        ...settings.login,
        ...(settings.authenticator !== undefined && { authenticator: settings.authenticator }),
        ...(settings.tls !== undefined && { tls: settings.tls }),
      },
      events,
    );
  }

  #server(): NatsServerAddress {
    const { servers } = this.#options.settings;
    const server = servers[this.#turn % servers.length];
    if (server === undefined) throw new RangeError("There is no NATS server to connect to.");
    return server;
  }

  async #failed(reason: string, isRefused: boolean, signal: AbortSignal): Promise<void> {
    this.#outages.failed(`${this.#server().title}: ${reason}`, isRefused ? "refused" : undefined);
    this.#failures += 1;
    this.#turn += 1;
    const { servers } = this.#options.settings;
    // All are tried before it is waited for longer.
    const isRoundOver = this.#failures % servers.length === 0;
    const pause = isRoundOver ? this.#backoff.next() : nextServerMs * Math.random();
    try {
      await wait(isRefused ? refusedMs * (1 + Math.random()) : pause, undefined, { signal });
    } catch (error) {
      if (!signal.aborted) throw new Error(messageOf(error), { cause: error });
    }
  }
}
