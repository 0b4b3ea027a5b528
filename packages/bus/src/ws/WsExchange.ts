import { createServer as createHttpServer, type IncomingMessage, type Server, STATUS_CODES } from "node:http";
import { createServer as createHttpsServer, Server as HttpsServer } from "node:https";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { messageOf, PeekError } from "@peek/errors";
import type { Logger } from "@peek/plugin-base";
import { WebSocketServer } from "ws";
import type { Exchange } from "../Exchange.ts";
import { pemList, type PemTexts } from "../pemList.ts";
import { plainAddress } from "../plainAddress.ts";
import type { Authenticator } from "./Authenticator.ts";
import { explainHandshakeFailure } from "./explainHandshakeFailure.ts";
import { ExchangeConnection, type ExchangeConnectionContext } from "./ExchangeConnection.ts";
import { RefusalLog } from "../RefusalLog.ts";
import { exchangePath, maxFrameBytes, protocol, refusalHeader } from "./exchangeProtocol.ts";

/** How long somebody who has connected may take to ask for something; milliseconds. */
const requestMs = 10_000;
/** How many may wait to be let in: all that come back after a restart. */
const backlog = 8192;
const maxConnections = 50_000;
/** How long until a port that is taken is tried again; milliseconds. */
const portRetryMs = 1000;
/** How long those who are connected may take to close in order, when the exchange stops; milliseconds. */
const closeMs = 500;

/** TLS of the exchange: PEM texts. */
export interface ExchangeTls {
  readonly cert: string | Buffer;
  readonly key: string | Buffer;
  /** Who may have signed the certificates of those who connect; with it, each must have one. Default: none need one. */
  readonly clientAuthorities?: PemTexts;
}

/** How an exchange takes connections. */
export interface WsExchangeOptions {
  readonly exchange: Exchange;
  /** The address to listen on. */
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
  /** Default: plain. */
  readonly tls?: ExchangeTls | undefined;
  readonly authenticator: Authenticator;
  /** How often each connection is asked for a sign of life; milliseconds. */
  readonly heartbeatMs: number;
  readonly logger: Logger;
  /** Called when all lines of a frame have been passed on. Default: nobody. */
  readonly onFrame?: () => void;
}

/** The hub in logic's data exchange: an {@link Exchange} that services connect to by WebSocket. */
export class WsExchange implements AsyncDisposable {
  readonly #options: WsExchangeOptions;
  readonly #server: Server;
  readonly #sockets: WebSocketServer;
  readonly #connections = new Set<ExchangeConnection>();
  /** All that lies below, also what has asked for nothing yet. */
  readonly #streams = new Set<Socket>();
  readonly #refusals: RefusalLog;
  readonly #context: ExchangeConnectionContext;
  readonly #heartbeat: NodeJS.Timeout;
  readonly #watching: Disposable;
  #retry: NodeJS.Timeout | undefined;
  #closing = false;

  private constructor(options: WsExchangeOptions) {
    this.#options = options;
    this.#refusals = new RefusalLog(options.logger);
    this.#context = {
      exchange: options.exchange,
      heartbeatMs: options.heartbeatMs,
      onFrame: options.onFrame ?? (() => undefined),
      onTrouble: ({ address }, kind, message) => this.#refusals.refused(address, kind, message),
      onClosed: (connection) => void this.#connections.delete(connection),
    };
    this.#sockets = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      maxPayload: maxFrameBytes,
      handleProtocols: () => protocol,
    });
    this.#server = this.#createServer();
    this.#heartbeat = setInterval(() => {
      for (const connection of this.#connections) connection.beat();
    }, options.heartbeatMs);
    this.#watching = options.authenticator.onChange(() => {
      for (const connection of this.#connections) connection.recheck();
    });
  }

  /**
   * Begins to listen. Where another process listens already, that is logged, and it is tried again until it is free.
   *
   * @throws PeekError `EXCHANGE_PORT_UNUSABLE`
   */
  static async listen(options: WsExchangeOptions): Promise<WsExchange> {
    const exchange = new WsExchange(options);
    try {
      await exchange.#listen();
      return exchange;
    } catch (error) {
      await exchange[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** The port that it listens on; undefined while that is taken by another process. */
  get port(): number | undefined {
    const address = this.#server.address();
    return typeof address === "object" ? address?.port : undefined;
  }

  /** Uses another certificate for those who connect from now on. Only where it was opened with TLS. */
  setTls(tls: ExchangeTls): void {
    if (this.#server instanceof HttpsServer) this.#server.setSecureContext(tlsOptions(tls));
  }

  /** How many are connected. */
  get connections(): number {
    return this.#connections.size;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing = true;
    clearInterval(this.#heartbeat);
    clearTimeout(this.#retry);
    this.#watching[Symbol.dispose]();
    const closed = new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
    for (const connection of this.#connections) connection.close();
    this.#server.closeAllConnections();
    const late = setTimeout(() => {
      for (const connection of this.#connections) connection.terminate();
      // Whoever has connected and then said nothing is known to nobody else.
      for (const stream of this.#streams) stream.destroy();
    }, closeMs);
    await closed;
    clearTimeout(late);
  }

  #createServer(): Server {
    const { tls, logger } = this.#options;
    const limits = {
      headersTimeout: requestMs,
      requestTimeout: requestMs,
      connectionsCheckingInterval: requestMs / 5,
      keepAliveTimeout: 1000,
    };
    const server =
      tls === undefined
        ? createHttpServer(limits)
        : createHttpsServer({ ...limits, handshakeTimeout: requestMs, ...tlsOptions(tls) });
    server.maxConnections = maxConnections;
    const streams = this.#streams;
    // One function for all: there may be thousands.
    const forget = function (this: Socket): void {
      streams.delete(this);
    };
    server.on("connection", (stream) => void streams.add(stream.once("close", forget)));
    server.on("request", (_request, response) => {
      response.writeHead(426, { connection: "close", upgrade: "websocket", "content-type": "text/plain" });
      response.end("This is the data exchange of Peek's logic service. Services connect to it by WebSocket.\n");
    });
    server.on("upgrade", (request, socket, head) => this.#onUpgrade(request, socket, head));
    server.on("error", (error) => {
      // While it begins to listen, its failure is told to whoever waits for that.
      if (server.listening) logger.error({ err: error }, "The data exchange: %s", messageOf(error));
    });
    server.on("clientError", (error, socket) => this.#onHandshakeError(error, socket));
    server.on("tlsClientError", (error, socket) => this.#onHandshakeError(error, socket));
    server.on("drop", () => this.#refusals.refused("anybody", "full", `refused: there are ${maxConnections} already`));
    return server;
  }

  async #listen(): Promise<void> {
    const { host, port, tls, logger } = this.#options;
    try {
      await this.#tryToListen();
    } catch (cause) {
      const error = portUnusable(host, port, cause);
      if (!isTaken(cause)) throw error;
      logger.error({ code: error.code }, "%s It is tried again until it is free", error.message);
      this.#tryAgainLater();
      return;
    }
    logger.info("Services connect to %s port %d%s", host, this.port, tls === undefined ? "" : ", by TLS");
  }

  #tryAgainLater(): void {
    this.#retry = setTimeout(() => void this.#tryAgain(), portRetryMs);
  }

  async #tryAgain(): Promise<void> {
    const { host, logger } = this.#options;
    try {
      await this.#tryToListen();
      logger.info("The port has become free: services connect to %s port %d", host, this.port);
    } catch {
      if (!this.#closing) this.#tryAgainLater();
    }
  }

  async #tryToListen(): Promise<void> {
    const { host, port } = this.#options;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#server.once("error", reject);
    this.#server.once("listening", resolve);
    try {
      this.#server.listen({ host, port, backlog });
      await promise;
    } finally {
      this.#server.off("error", reject);
      this.#server.off("listening", resolve);
    }
  }

  #onUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const address = addressOfPeer(socket);
    // Until it is a WebSocket, nobody else listens to its errors.
    const onError = (): void => void socket.destroy();
    socket.on("error", onError);
    // Not by the class URL, which throws: anybody may send anything here.
    if (request.url !== exchangePath) return this.#refuse(socket, address, 404, "there is nothing of that name");
    if (request.headersDistinct["host"]?.length !== 1) {
      return this.#refuse(socket, address, 400, "it names another number of hosts than one");
    }
    const credential = this.#options.authenticator.authenticate(request);
    if (!("isValid" in credential)) return this.#refuse(socket, address, 401, credential.reason, credential.kind);
    const protocols = request.headers["sec-websocket-protocol"] ?? "";
    if (!protocols.split(/ *, */).includes(protocol)) {
      return this.#refuse(
        socket,
        address,
        400,
        `it speaks another version than ${protocol}; update Peek on both sides`,
      );
    }
    this.#sockets.handleUpgrade(request, socket, head, (webSocket) => {
      socket.off("error", onError);
      this.#connections.add(new ExchangeConnection(webSocket, socket, credential, address, this.#context));
    });
  }

  #refuse(socket: Duplex, address: string, status: number, reason: string, kind = reason): void {
    this.#refusals.refused(address, kind, `a connection was refused: ${reason}`);
    const head = [
      `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}`,
      "Connection: close",
      `${refusalHeader}: ${protocol}`,
      "Content-Type: text/plain; charset=utf-8",
      `Content-Length: ${Buffer.byteLength(reason)}`,
    ];
    socket.end(`${head.join("\r\n")}\r\n\r\n${reason}`, () => socket.destroy());
  }

  #onHandshakeError(error: Error, socket: Duplex): void {
    const problem = explainHandshakeFailure(error, this.#options.tls !== undefined);
    if (problem !== undefined)
      this.#refusals.refused(addressOfPeer(socket), problem, `a connection was refused: ${problem}`);
    socket.destroy();
  }
}

function tlsOptions({ cert, key, clientAuthorities }: ExchangeTls): Record<string, unknown> {
  if (clientAuthorities === undefined) return { cert, key };
  // Who shows a wrong one is let as far as the authenticator, which can tell him why he is refused.
  return { cert, key, ca: pemList(clientAuthorities), requestCert: true, rejectUnauthorized: false };
}

function addressOfPeer(socket: Duplex): string {
  const address = "remoteAddress" in socket ? socket.remoteAddress : undefined;
  return typeof address === "string" ? plainAddress(address) : "somewhere";
}

function portUnusable(host: string, port: number, cause: unknown): PeekError {
  return new PeekError(
    "EXCHANGE_PORT_UNUSABLE",
    `The data exchange cannot listen on ${host} port ${port}: ${portReasons[codeOf(cause)] ?? messageOf(cause)}. Set httpServer.dataExchange.host and sitePort, and dataExchange.host and httpPort of the other services to fit.`,
    { cause, fields: { host, port } },
  );
}

const portReasons: Readonly<Record<string, string>> = {
  EADDRINUSE: "another process listens there",
  EADDRNOTAVAIL: "this machine does not have that address",
  EACCES: "this account may not",
};

function isTaken(cause: unknown): boolean {
  return codeOf(cause) === "EADDRINUSE";
}

function codeOf(cause: unknown): string {
  return cause instanceof Error && "code" in cause && typeof cause.code === "string" ? cause.code : "";
}
