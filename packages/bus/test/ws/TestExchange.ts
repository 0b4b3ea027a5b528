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

/** The options of a {@link TestExchange}, with the defaults of a logic service. */
export interface TestExchangeOptions {
  readonly tls?: ExchangeTls;
  /** Default: 5000. */
  readonly heartbeatMs?: number;
  /** Default: 10,000. */
  readonly requestMs?: number;
}

/** A bus and its log. */
export interface DialledBus {
  readonly bus: WsBus;
  readonly log: RecordingLog;
}

/** The data exchange of logic in this process, with real tokens. Its own bus echoes each message. */
export class TestExchange implements AsyncDisposable {
  readonly log: RecordingLog = recordingLog();
  readonly tokens: TokenStore;
  readonly port: number;
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

  static async open({ tls, heartbeatMs = 5000, requestMs = 10_000 }: TestExchangeOptions = {}): Promise<TestExchange> {
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
      await WsExchange.listen({
        exchange,
        host: "127.0.0.1",
        port,
        tls,
        authenticator,
        heartbeatMs,
        requestMs,
        logger: log,
      }),
    );
    return new TestExchange(owned.move(), log, tokens, exchange, bus, sockets, port, tls !== undefined);
  }

  /** How many services are connected by WebSocket. */
  get connections(): number {
    return this.#sockets.connections;
  }

  /** The warnings and errors in its log. */
  get warnings(): readonly string[] {
    return this.log.lines.filter((line) => !/^(info|debug) /.test(line));
  }

  /** Opens a bus to it. */
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
