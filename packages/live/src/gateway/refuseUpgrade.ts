import { STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";

/** How long a refused one may take to read why; milliseconds. */
const lingerMs = 1000;

/**
 * Answers a request for a WebSocket that does not come to be.
 *
 * @param retryAfter After how many seconds it may be tried again; undefined: it is of no use.
 */
export function refuseUpgrade(socket: Duplex, status: number, message: string, retryAfter?: number): void {
  const lines = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}`,
    "Connection: close",
    "Content-Type: text/plain; charset=utf-8",
    `Content-Length: ${Buffer.byteLength(message)}`,
  ];
  if (retryAfter !== undefined) lines.push(`Retry-After: ${retryAfter}`);
  // It may have gone by now, which is no news.
  socket.on("error", () => socket.destroy());
  const late = setTimeout(() => socket.destroy(), lingerMs).unref();
  socket.once("close", () => clearTimeout(late));
  socket.once("finish", () => socket.destroy());
  socket.end(`${lines.join("\r\n")}\r\n\r\n${message}`);
}
