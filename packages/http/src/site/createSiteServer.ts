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
import { readTarget } from "./readTarget.ts";
import { refuseUpgrade } from "./refuseUpgrade.ts";
import { answerBody, siteAnswer } from "./siteAnswers.ts";

/** What all headers of a request may have; bytes. */
const maxHeaderSize = 16 * 1024;
const defaultHeadersMs = 10_000;
const defaultRequestMs = 120_000;
const defaultConnections = 20_000;
/** Longer than proxies keep a connection that nothing comes by; milliseconds. */
const keepAliveTimeout = 65_000;

/** The server of a site, with what bounds those who connect. */
export function createSiteServer(tls: SiteTls | undefined, limits: SiteLimits, listener: RequestListener): Server {
  const { headersMs = defaultHeadersMs, requestMs = defaultRequestMs, connections = defaultConnections } = limits;
  const options = {
    maxHeaderSize,
    headersTimeout: Math.min(headersMs, requestMs),
    requestTimeout: requestMs,
    connectionsCheckingInterval: Math.min(headersMs / 2, 5000),
    keepAliveTimeout,
    // Others may be offered, such as HTTP/2, by who is content without.
    shouldUpgradeCallback: ({ headers }: IncomingMessage) => headers.upgrade?.toLowerCase() === "websocket",
  };
  const take: RequestListener = (request, response) => {
    if (readTarget(request)) listener(request, response);
    else refuseRequest(response);
  };
  const server =
    tls === undefined
      ? createHttpServer(options, take)
      : createHttpsServer({ ...options, ...tls, minVersion: "TLSv1.2", handshakeTimeout: headersMs }, take);
  server.maxConnections = connections;
  server.on("clientError", (error, socket) => refuseNoise(error, socket));
  return server;
}

/** Answers a request whose target or host cannot be understood: what comes after it may not either. */
function refuseRequest(response: ServerResponse): void {
  const { type, body } = answerBody(siteAnswer(400), false);
  const headers = { "content-type": type, "content-length": Buffer.byteLength(body), "cache-control": "no-store" };
  response.writeHead(400, { ...headers, connection: "close" }).end(body);
}

/** Answers what is no request, if it can still be answered. */
function refuseNoise(error: Error, socket: Duplex): void {
  const code = "code" in error ? error.code : undefined;
  if (code === "ECONNRESET" || !socket.writable) socket.destroy();
  else if (code === "HPE_HEADER_OVERFLOW") refuseUpgrade(socket, 431);
  else refuseUpgrade(socket, code === "ERR_HTTP_REQUEST_TIMEOUT" ? 408 : 400);
}
