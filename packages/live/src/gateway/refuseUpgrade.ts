import type { Duplex } from "node:stream";
import { refuseUpgrade as refuse } from "@peek/kit";

/**
 * Answers a request for a WebSocket by an error in plain text.
 *
 * @param retryAfterSeconds When the browser may try again; undefined when trying again is useless.
 */
export function refuseUpgrade(socket: Duplex, status: number, message: string, retryAfterSeconds?: number): void {
  const headers = retryAfterSeconds === undefined ? {} : { "retry-after": String(retryAfterSeconds) };
  refuse(socket, { status, contentType: "text/plain; charset=utf-8", body: message, headers });
}
