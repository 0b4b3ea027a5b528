import { type RawData, WebSocket } from "ws";

/** Listens to a {@link BrowserSocket}. */
export interface SocketListener {
  onMessage(data: RawData, isBinary: boolean): void;
  onPing(): void;
  onPong(data: Buffer): void;
  onError(error: Error): void;
  onClosed(): void;
}

/** A WebSocket that calls one listener: closures for each of thousands of sockets cost memory. */
export class BrowserSocket extends WebSocket {
  #listener: SocketListener | undefined;

  /** To be called once. */
  listen(listener: SocketListener): void {
    this.#listener = listener;
    this.on("message", onMessage);
    this.on("error", onError);
    this.on("close", onClosed);
  }

  /** Intercepts pings and pongs where they are emitted: two more listeners would cost each connection more than they are worth. */
  override emit(event: string | symbol, ...values: unknown[]): boolean {
    if (event === "ping") this.#listener?.onPing();
    else if (event === "pong" && Buffer.isBuffer(values[0])) this.#listener?.onPong(values[0]);
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
