import { createServer as createHttpServer, type IncomingMessage, type Server } from "node:http";
import { createServer as createHttpsServer, Server as HttpsServer } from "node:https";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { messageOf, PeekError } from "@peek/errors";
import { refuseUpgrade } from "@peek/kit";
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

/** How long a client may take to send its request. */
const defaultRequestMs = 10_000;
/** The backlog of the listening socket: after a restart, all services reconnect at once. */
const backlog = 8192;
const maxConnections = 50_000;
/** How long to wait before listening again on a port that is in use. */
const portRetryMs = 1000;
/** How long connections may take to close when the exchange stops. */
const closeMs = 500;

/** The TLS settings of an exchange: PEM texts. */
export interface ExchangeTls {
  readonly cert: string | Buffer;
  readonly key: string | Buffer;
  /** The authorities of client certificates. When set, each client must present one. Default: none is required. */
  readonly clientAuthorities?: PemTexts;
}

/** How a {@link WsExchange} listens. */
export interface WsExchangeOptions {
  readonly exchange: Exchange;
  /** The address to listen on. */
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  /** Default: no TLS. */
  readonly tls?: ExchangeTls | undefined;
  readonly authenticator: Authenticator;
  /** The interval of the heartbeat of each connection. */
  readonly heartbeatMs: number;
  /** How long a client may take to send its request. Default: 10,000. */
  readonly requestMs?: number;
  readonly logger: Logger;
  /** Called when all lines of a frame are handled. Default: nothing is called. */
  readonly onFrame?: () => void;
}

/** An {@link Exchange} that services connect to by WebSocket: the data exchange of the logic service. */
export class WsExchange implements AsyncDisposable {
  readonly #options: WsExchangeOptions;
  readonly #server: Server;
  readonly #sockets: WebSocketServer;
  readonly #connections = new Set<ExchangeConnection>();
  /** All sockets, also those that have sent no request yet. */
  readonly #streams = new Set<Socket>();
  readonly #refusals: RefusalLog;
  readonly #context: ExchangeConnectionContext;
  readonly #heartbeat: NodeJS.Timeout;
  readonly #credentialWatch: Disposable;
  #retry: NodeJS.Timeout | undefined;
  #closing = false;

  private constructor(options: WsExchangeOptions) {
    this.#options = options;
    this.#refusals = new RefusalLog(options.logger);
    this.#context = {
      exchange: options.exchange,
      heartbeatMs: options.heartbeatMs,
      onFrame: options.onFrame ?? (() => undefined),
      onProblem: ({ address }, kind, message) => this.#refusals.refused(address, kind, message),
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
    this.#credentialWatch = options.authenticator.onChange(() => {
      for (const connection of this.#connections) connection.recheck();
    });
  }

  /**
   * Starts to listen. A port that is in use is an error in the log, and is tried again until it is free.
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

  /** The port that it listens on; undefined while another process uses it. */
  get port(): number | undefined {
    const address = this.#server.address();
    return typeof address === "object" ? address?.port : undefined;
  }

  /** Uses another certificate for new connections. Has no effect on an exchange without TLS. */
  setTls(tls: ExchangeTls): void {
    if (this.#server instanceof HttpsServer) this.#server.setSecureContext(tlsOptions(tls));
  }

  /** How many services are connected. */
  get connections(): number {
    return this.#connections.size;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing = true;
    clearInterval(this.#heartbeat);
    clearTimeout(this.#retry);
    this.#credentialWatch[Symbol.dispose]();
    const closed = new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
    for (const connection of this.#connections) connection.close();
    this.#server.closeAllConnections();
    const timeout = setTimeout(() => {
      for (const connection of this.#connections) connection.terminate();
      // A socket that has sent no request is known only here.
      for (const stream of this.#streams) stream.destroy();
    }, closeMs);
    await closed;
    clearTimeout(timeout);
  }

  #createServer(): Server {
    const { tls, logger, requestMs = defaultRequestMs } = this.#options;
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
      // While the server starts to listen, #tryToListen() handles its error.
      if (server.listening)
        logger.error({ err: error }, "The server of the data exchange failed: %s", messageOf(error));
    });
    server.on("clientError", (error, socket) => this.#onHandshakeError(error, socket));
    server.on("tlsClientError", (error, socket) => this.#onHandshakeError(error, socket));
    server.on("drop", () =>
      this.#refusals.refused(
        "any address",
        "full",
        `a connection was refused: the limit of ${maxConnections} was reached`,
      ),
    );
    return server;
  }

  async #listen(): Promise<void> {
    const { host, port, tls, logger } = this.#options;
    try {
      await this.#tryToListen();
    } catch (cause) {
      const error = portUnusable(host, port, cause);
      if (!isInUse(cause)) throw error;
      logger.error({ code: error.code }, "%s The port is tried again until it is free", error.message);
      this.#retryLater();
      return;
    }
    logger.info("Services connect to %s port %d%s", host, this.port, tls === undefined ? "" : ", with TLS");
  }

  #retryLater(): void {
    this.#retry = setTimeout(() => void this.#listenAgain(), portRetryMs);
  }

  async #listenAgain(): Promise<void> {
    const { host, logger } = this.#options;
    try {
      await this.#tryToListen();
      logger.info("The port is free now: services connect to %s port %d", host, this.port);
    } catch {
      if (!this.#closing) this.#retryLater();
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
    // Until the socket is a WebSocket, it has no other error listener.
    const onError = (): void => void socket.destroy();
    socket.on("error", onError);
    // Compared as text: the class URL throws on invalid input.
    if (request.url !== exchangePath) return this.#refuse(socket, address, 404, "there is nothing at this path");
    if (request.headersDistinct["host"]?.length !== 1) {
      return this.#refuse(socket, address, 400, "its request must have exactly one Host header");
    }
    const credential = this.#options.authenticator.authenticate(request);
    if (!("isValid" in credential)) return this.#refuse(socket, address, 401, credential.reason, credential.kind);
    const protocols = request.headers["sec-websocket-protocol"] ?? "";
    if (!protocols.split(/ *, */).includes(protocol)) {
      return this.#refuse(
        socket,
        address,
        400,
        `it speaks another version of the protocol than ${protocol}; install the same version of Peek on both sides`,
      );
    }
    this.#sockets.handleUpgrade(request, socket, head, (webSocket) => {
      socket.off("error", onError);
      this.#connections.add(new ExchangeConnection(webSocket, socket, credential, address, this.#context));
    });
  }

  #refuse(socket: Duplex, address: string, status: number, reason: string, kind = reason): void {
    this.#refusals.refused(address, kind, `a connection was refused: ${reason}`);
    const headers = { [refusalHeader]: protocol };
    refuseUpgrade(socket, { status, contentType: "text/plain; charset=utf-8", body: reason, headers });
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
  // Node must not reject an invalid client certificate: the authenticator does, and sends the client the reason.
  return { cert, key, ca: pemList(clientAuthorities), requestCert: true, rejectUnauthorized: false };
}

function addressOfPeer(socket: Duplex): string {
  const address = "remoteAddress" in socket ? socket.remoteAddress : undefined;
  return typeof address === "string" ? plainAddress(address) : "unknown address";
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
  EACCES: "this account may not listen there",
};

function isInUse(cause: unknown): boolean {
  return codeOf(cause) === "EADDRINUSE";
}

function codeOf(cause: unknown): string {
  return cause instanceof Error && "code" in cause && typeof cause.code === "string" ? cause.code : "";
}
