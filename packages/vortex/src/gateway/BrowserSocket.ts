import { type RawData, WebSocket } from "ws";

/** Who listens to a {@link BrowserSocket}. */
export interface SocketListener {
  onMessage(data: RawData, isBinary: boolean): void;
  /** It was pinged. */
  onPing(): void;
  onError(error: Error): void;
  onClosed(): void;
}

/** A WebSocket that knows who listens to it: functions of its own for each of thousands are dear. */
export class BrowserSocket extends WebSocket {
  #listener: SocketListener | undefined;

  /** To be called once. */
  listen(listener: SocketListener): void {
    this.#listener = listener;
    this.on("message", onMessage);
    this.on("error", onError);
    this.on("close", onClosed);
  }

  /** ws answers each ping by this. A fourth kind of event would cost each connection more than it is worth. */
  override pong(data?: unknown, mask?: boolean, done?: (error: Error) => void): void {
    this.#listener?.onPing();
    super.pong(data, mask, done);
  }

  static listenerOf(socket: WebSocket): SocketListener | undefined {
    return socket instanceof BrowserSocket ? socket.#listener : undefined;
  }
}

function onMessage(this: WebSocket, data: RawData, isBinary: boolean): void {
  BrowserSocket.listenerOf(this)?.onMessage(data, isBinary);
}

function onError(this: WebSocket, error: Error): void {
  BrowserSocket.listenerOf(this)?.onError(error);
}

function onClosed(this: WebSocket): void {
  BrowserSocket.listenerOf(this)?.onClosed();
}
