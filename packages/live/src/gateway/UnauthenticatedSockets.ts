import type { Duplex } from "node:stream";
import { lingeringClose } from "@peek/kit";
import { closeCodes } from "@peek/live-protocol";
import type { WebSocket } from "ws";

/** How many may be open at a time. */
const maxSockets = 256;
/** How many bytes one may send. */
const maxBytes = 1024 * 1024;

/** The WebSockets of browsers that have to log in. They are opened to be closed, because pages do not learn why an upgrade is refused. */
export class UnauthenticatedSockets implements Disposable {
  readonly #sockets = new Set<WebSocket>();
  readonly #maxMs: number;

  /** @param maxMs How long one may be open. */
  constructor(maxMs: number) {
    this.#maxMs = maxMs;
  }

  get count(): number {
    return this.#sockets.size;
  }

  get isFull(): boolean {
    return this.#sockets.size >= maxSockets;
  }

  /**
   * Closes a WebSocket with the code that has the browser log in.
   *
   * @param socket The TCP or TLS socket below it.
   */
  close(ws: WebSocket, socket: Duplex): void {
    this.#sockets.add(ws);
    ws.once("close", () => this.#sockets.delete(ws));
    ws.on("error", () => ws.terminate());
    ws.close(closeCodes.sessionEnded, "Log in.");
    lingeringClose(socket, { maxMs: this.#maxMs, maxBytes });
  }

  [Symbol.dispose](): void {
    for (const ws of this.#sockets) ws.terminate();
  }
}
