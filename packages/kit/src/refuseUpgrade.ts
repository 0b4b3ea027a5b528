import type { Duplex } from "node:stream";

/** How long a client may take to read the answer before the connection is closed. */
const lingerMs = 1000;

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
  // The client may have disconnected already.
  socket.on("error", () => socket.destroy());
  const timer = setTimeout(() => socket.destroy(), lingerMs).unref();
  socket.once("close", () => clearTimeout(timer));
  socket.once("finish", () => socket.destroy());
  socket.end(`${lines.join("\r\n")}\r\n\r\n${body}`);
}
