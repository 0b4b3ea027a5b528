import { type RawData, WebSocket } from "ws";

/** Who listens to a {@link BrowserSocket}. */
export interface SocketListener {
  onMessage(data: RawData, isBinary: boolean): void;
  /** It was pinged, or a pong has come. */
  onSign(): void;
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

  /** Hears pings and pongs where they are told: two more listeners would cost each connection more than they are worth. */
  override emit(event: string | symbol, ...values: unknown[]): boolean {
    if (event === "ping" || event === "pong") this.#listener?.onSign();
    return super.emit(event, ...values);
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
