import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { serviceHome } from "@peek/config";
import type { ServiceName } from "@peek/plugin-base";
import { Exchange, MemoryBus } from "@peek/bus";
import { type ExchangeTls, WsBus, type WsCredentials, WsExchange } from "@peek/bus/ws";
import { ExchangeAuthenticator, explainTlsFailure, TokenStore } from "@peek/bus/identity";
import { member } from "../bus/BusHarness.ts";
import { type RecordingLog, recordingLog } from "../bus/recordingLog.ts";
import { nonEphemeralPort } from "./nonEphemeralPort.ts";

/** How a {@link TestExchange} differs from one that a logic service has unless told otherwise. */
export interface TestExchangeOptions {
  readonly tls?: ExchangeTls;
  /** Milliseconds; default: 5000. */
  readonly heartbeatMs?: number;
}

/** A bus, and what it logs. */
export interface DialledBus {
  readonly bus: WsBus;
  readonly log: RecordingLog;
}

/** What logic opens for the other services, with its real tokens, in this process. It sends back each text. */
export class TestExchange implements AsyncDisposable {
  readonly log: RecordingLog = recordingLog();
  readonly tokens: TokenStore;
  readonly port: number;
  /** What all are connected to, however they are. */
  readonly exchange: Exchange;
  readonly bus: MemoryBus;
  readonly isSecure: boolean;
  readonly #sockets: WsExchange;
  readonly #owned: AsyncDisposableStack;

  private constructor(
    owned: AsyncDisposableStack,
    log: RecordingLog,
    tokens: TokenStore,
    exchange: Exchange,
    bus: MemoryBus,
    sockets: WsExchange,
    port: number,
    isSecure: boolean,
  ) {
    this.#owned = owned;
    this.log = log;
    this.tokens = tokens;
    this.exchange = exchange;
    this.bus = bus;
    this.#sockets = sockets;
    this.port = port;
    this.isSecure = isSecure;
  }

  static async open({ tls, heartbeatMs = 5000 }: TestExchangeOptions = {}): Promise<TestExchange> {
    await using owned = new AsyncDisposableStack();
    const dir = mkdtempSync(join(tmpdir(), "peek-logic-"));
    owned.defer(() => rmSync(dir, { recursive: true, force: true }));
    const log = recordingLog();
    const tokens = owned.use(new TokenStore(serviceHome("logic", { PEEK_HOME: dir })));
    const authenticator = owned.use(new ExchangeAuthenticator(tokens, tls?.clientAuthorities !== undefined, log));
    const exchange = new Exchange();
    const bus = owned.use(new MemoryBus(exchange, "logic", member("logic")));
    bus.onMessage((from, text) => bus.send(from, text));
    const port = await nonEphemeralPort();
    const sockets = owned.use(
      await WsExchange.listen({ exchange, host: "127.0.0.1", port, tls, authenticator, heartbeatMs, logger: log }),
    );
    return new TestExchange(owned.move(), log, tokens, exchange, bus, sockets, port, tls !== undefined);
  }

  /** How many are connected by a socket. */
  get connections(): number {
    return this.#sockets.connections;
  }

  /** What it has logged as warnings or errors. */
  get warnings(): readonly string[] {
    return this.log.lines.filter((line) => !/^(info|debug) /.test(line));
  }

  /** A real bus to it. */
  dial(
    service: ServiceName,
    credentials: WsCredentials | (() => WsCredentials),
    { host = "127.0.0.1", secure = this.isSecure } = {},
  ): DialledBus {
    const log = recordingLog();
    const bus = this.#owned.use(
      new WsBus({
        service,
        member: member(service),
        host,
        port: this.port,
        secure,
        credentials: typeof credentials === "function" ? credentials : () => credentials,
        explain: explainTlsFailure,
        logger: log,
      }),
    );
    return { bus, log };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#owned.disposeAsync();
  }
}
