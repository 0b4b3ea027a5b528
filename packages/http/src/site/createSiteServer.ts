import {
  createServer as createHttpServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from "node:http";
import { createServer as createHttpsServer } from "node:https";
import type { Duplex } from "node:stream";
import type { SiteLimits, SiteTls } from "./HttpSiteOptions.ts";
import { normalizeTarget } from "./normalizeTarget.ts";
import { sendUpgradeError } from "./sendUpgradeError.ts";
import { errorBody, errorResponse } from "./errorResponse.ts";

/** The bound of all headers of a request, in bytes. */
const maxHeaderSize = 16 * 1024;
const defaultHeadersMs = 10_000;
const defaultRequestMs = 120_000;
const defaultConnections = 20_000;
/** Longer than proxies keep an idle connection. */
const keepAliveTimeoutMs = 65_000;

/** Makes the server of a site, with its limits. */
export function createSiteServer(tls: SiteTls | undefined, limits: SiteLimits, listener: RequestListener): Server {
  const { headersMs = defaultHeadersMs, requestMs = defaultRequestMs, connections = defaultConnections } = limits;
  const options = {
    maxHeaderSize,
    headersTimeout: Math.min(headersMs, requestMs),
    requestTimeout: requestMs,
    connectionsCheckingInterval: Math.min(headersMs / 2, 5000),
    keepAliveTimeout: keepAliveTimeoutMs,
    // Clients that offer another upgrade, such as HTTP/2, also accept a plain answer.
    shouldUpgradeCallback: ({ headers }: IncomingMessage) => headers.upgrade?.toLowerCase() === "websocket",
  };
  const take: RequestListener = (request, response) => {
    if (normalizeTarget(request)) listener(request, response);
    else refuseRequest(response);
  };
  const server =
    tls === undefined
      ? createHttpServer(options, take)
      : createHttpsServer({ ...options, ...tls, minVersion: "TLSv1.2", handshakeTimeout: headersMs }, take);
  server.maxConnections = connections;
  server.on("clientError", (error, socket) => refuseMalformed(error, socket));
  return server;
}

/** Answers a request with a malformed target or host, and closes the connection: its further requests may be malformed too. */
function refuseRequest(response: ServerResponse): void {
  const { type, body } = errorBody(errorResponse(400), false);
  const headers = { "content-type": type, "content-length": Buffer.byteLength(body), "cache-control": "no-store" };
  response.writeHead(400, { ...headers, connection: "close" }).end(body);
}

/** Answers malformed HTTP when the connection is still writable. */
function refuseMalformed(error: Error, socket: Duplex): void {
  const code = "code" in error ? error.code : undefined;
  if (code === "ECONNRESET" || !socket.writable) socket.destroy();
  else if (code === "HPE_HEADER_OVERFLOW") sendUpgradeError(socket, 431);
  else sendUpgradeError(socket, code === "ERR_HTTP_REQUEST_TIMEOUT" ? 408 : 400);
}
