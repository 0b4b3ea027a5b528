import { STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";

/** How long the browser may take to read the answer. */
const lingerMs = 1000;

/**
 * Refuses a request for a WebSocket.
 *
 * @param retryAfterSeconds Default: trying again is of no use.
 */
export function refuseUpgrade(socket: Duplex, status: number, message: string, retryAfterSeconds?: number): void {
  const lines = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}`,
    "Connection: close",
    "Content-Type: text/plain; charset=utf-8",
    `Content-Length: ${Buffer.byteLength(message)}`,
  ];
  if (retryAfterSeconds !== undefined) lines.push(`Retry-After: ${retryAfterSeconds}`);
  // The browser may have gone.
  socket.on("error", () => socket.destroy());
  const deadline = setTimeout(() => socket.destroy(), lingerMs).unref();
  socket.once("close", () => clearTimeout(deadline));
  socket.once("finish", () => socket.destroy());
  socket.end(`${lines.join("\r\n")}\r\n\r\n${message}`);
}
