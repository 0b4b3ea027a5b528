import type { Duplex } from "node:stream";
import { lingeringClose, type LingerLimits } from "./lingeringClose.ts";

/** For a client to read the answer. It may have sent more than its request already. */
const linger: LingerLimits = { maxMs: 1000, maxBytes: 1024 * 1024 };

/** The answer to a refused upgrade. */
export interface UpgradeRefusal {
  readonly status: number;
  /** The type of the body: `application/json; charset=utf-8`. */
  readonly contentType: string;
  readonly body: string;
  /** Further headers. Default: none. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** Answers a request for an upgrade, such as a WebSocket, by an HTTP error, and closes the connection. */
export function refuseUpgrade(socket: Duplex, { status, contentType, body, headers = {} }: UpgradeRefusal): void {
  // Not imported: services without a server need not load the module.
  const { STATUS_CODES } = process.getBuiltinModule("node:http");
  const lines = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? "Error"}`,
    "connection: close",
    `content-type: ${contentType}`,
    `content-length: ${Buffer.byteLength(body)}`,
    "cache-control: no-store",
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
  ];
  socket.write(`${lines.join("\r\n")}\r\n\r\n${body}`);
  lingeringClose(socket, linger);
}
