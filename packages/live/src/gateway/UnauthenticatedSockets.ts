import type { WebSocket } from "ws";
import { closeCodes } from "@peek/live-protocol";

/** How many may be open at a time. */
const maxSockets = 256;
/** How long one may be open. */
const maxOpenMs = 1000;

/** The WebSockets of browsers that have to log in. They are opened to be closed, because pages do not learn why an upgrade is refused. */
export class UnauthenticatedSockets implements Disposable {
  readonly #sockets = new Map<WebSocket, NodeJS.Timeout>();

  get count(): number {
    return this.#sockets.size;
  }

  get isFull(): boolean {
    return this.#sockets.size >= maxSockets;
  }

  /** Closes a socket with the code that has the browser log in. */
  close(ws: WebSocket): void {
    const deadline = setTimeout(() => ws.terminate(), maxOpenMs).unref();
    this.#sockets.set(ws, deadline);
    ws.once("close", () => {
      clearTimeout(deadline);
      this.#sockets.delete(ws);
    });
    ws.on("error", () => ws.terminate());
    ws.close(closeCodes.sessionEnded, "Log in.");
  }

  [Symbol.dispose](): void {
    for (const ws of this.#sockets.keys()) ws.terminate();
  }
}
