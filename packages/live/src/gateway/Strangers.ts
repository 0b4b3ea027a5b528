import type { WebSocket } from "ws";
import { closeCodes } from "@peek/live-protocol";

/** How many may be told at a time that they have to log in. */
const maxStrangers = 256;
/** How long one may take to hear it; milliseconds. */
const hearingMs = 1000;

/** The WebSockets of browsers that have to log in: open as long as it takes to say so. */
export class Strangers implements Disposable {
  readonly #sockets = new Map<WebSocket, NodeJS.Timeout>();

  get count(): number {
    return this.#sockets.size;
  }

  get isFull(): boolean {
    return this.#sockets.size >= maxStrangers;
  }

  /** Tells a browser that it has to log in, and ends its connection. */
  dismiss(ws: WebSocket): void {
    const late = setTimeout(() => ws.terminate(), hearingMs).unref();
    this.#sockets.set(ws, late);
    ws.once("close", () => {
      clearTimeout(late);
      this.#sockets.delete(ws);
    });
    ws.on("error", () => ws.terminate());
    ws.close(closeCodes.sessionEnded, "Log in.");
  }

  [Symbol.dispose](): void {
    for (const ws of this.#sockets.keys()) ws.terminate();
  }
}
