import { setTimeout as wait } from "node:timers/promises";
import { messageOf } from "@peek/errors";
import { Backoff } from "@peek/kit";
import type { Logger } from "@peek/plugin-base";
import { OutageLog } from "../OutageLog.ts";
import { awaitServerInfo } from "./awaitServerInfo.ts";
import { explainNatsFailure, isRefusal } from "./explainNatsFailure.ts";
import type { NatsServerAddress, NatsSettings } from "./NatsConfig.ts";
import { NatsServerConnection, type NatsServerConnectionEvents } from "./NatsServerConnection.ts";

/** How long to wait, at least, after a server has refused this service. */
const refusedMs = 10_000;
/** How long to wait, at most, before the next server is tried. */
const nextServerMs = 50;

/** How a {@link NatsConnector} connects. */
export interface NatsConnectorOptions {
  readonly settings: NatsSettings;
  /** The name of the connection in the reports of the server. */
  readonly name: string;
  /** Undefined to log nothing: the owner reports {@link NatsConnector.failureReason} itself. */
  readonly logger: Logger | undefined;
  /** How long one attempt may take. */
  readonly attemptMs: number;
  /** Explains why a connection failed. Default: the error's own message. */
  readonly explain?: ((error: Error) => string | undefined) | undefined;
}

/** Connects to one of the NATS servers, with as many attempts as it takes. */
export class NatsConnector {
  readonly #options: NatsConnectorOptions;
  readonly #outages: OutageLog;
  readonly #backoff = new Backoff();
  /** The server to try next. The first is random, which spreads the services over the servers. */
  #serverIndex = 0;
  #failures = 0;

  constructor(options: NatsConnectorOptions) {
    const { servers } = options.settings;
    this.#options = options;
    this.#serverIndex = Math.floor(Math.random() * servers.length);
    this.#outages = new OutageLog(options.logger, `NATS at ${servers.map(({ title }) => title).join(", ")}`);
  }

  /** Why the last attempt failed; undefined while connected. */
  get failureReason(): string | undefined {
    return this.#outages.reason;
  }

  /** Returns a connection; undefined when the signal has fired. */
  async connect(events: NatsServerConnectionEvents, signal: AbortSignal): Promise<NatsServerConnection | undefined> {
    while (!signal.aborted) {
      const server = this.#server();
      try {
        const connection = await this.#attempt(server, events);
        if (!signal.aborted) return connection;
        await connection.close();
      } catch (thrown) {
        if (signal.aborted) return undefined;
        const { settings, attemptMs, explain } = this.#options;
        const reason = explainNatsFailure(thrown, settings.account, attemptMs, explain);
        await this.#failed(reason, isRefusal(thrown), signal);
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

  /** The connection has ended. Settles when it is time to connect again. */
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
    const server = servers[this.#serverIndex % servers.length];
    if (server === undefined) throw new RangeError("There is no NATS server to connect to.");
    return server;
  }

  async #failed(reason: string, isRefused: boolean, signal: AbortSignal): Promise<void> {
    this.#outages.failed(`${this.#server().title}: ${reason}`, isRefused ? "refused" : undefined);
    this.#failures += 1;
    this.#serverIndex += 1;
    const { servers } = this.#options.settings;
    // The backoff applies once all servers have been tried.
    const isRoundOver = this.#failures % servers.length === 0;
    const waitMs = isRoundOver ? this.#backoff.next() : nextServerMs * Math.random();
    try {
      await wait(isRefused ? refusedMs * (1 + Math.random()) : waitMs, undefined, { signal });
    } catch (error) {
      if (!signal.aborted) throw new Error(messageOf(error), { cause: error });
    }
  }
}
