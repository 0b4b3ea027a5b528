import { Buffer } from "node:buffer";
import {
  connect,
  type ConnectionOptions,
  type Msg,
  type NatsConnection,
  PermissionViolationError,
} from "@nats-io/transport-node";
import { messageOf } from "@peek/errors";
import { plainAddress } from "../plainAddress.ts";

/** How many bytes may be sent before the server is asked to acknowledge them. */
const ackBytes = 1024 * 1024;
/** After how many heartbeats without an answer the connection is considered dead. */
const maxSilentBeats = 2;
/** The client's own heartbeat is too slow to be useful, and cannot be switched off: it gets the longest interval. */
const clientPingMs = 3_600_000;
/** The size of a message besides its payload; approximate. */
const overheadBytes = 100;

/** Events of a {@link NatsServerConnection}. */
export interface NatsServerConnectionEvents {
  /** The server denied an operation. */
  readonly onViolation: (error: PermissionViolationError) => void;
  /** The handler of a message threw. */
  readonly onFault: (thrown: unknown) => void;
}

/** One connection to a NATS server. It does not reconnect: messages that are under way are lost with it. */
export class NatsServerConnection {
  /** Settles with the reason when the connection has ended. */
  readonly ended: Promise<string>;
  /** The largest message, in bytes. */
  readonly maxPayload: number;
  /** The address of this process as the server sees it, without port. */
  readonly localAddress: string;
  /** Whether the server reports messages without a receiver. */
  readonly reportsNoResponders: boolean;
  readonly #client: NatsConnection;
  readonly #events: NatsServerConnectionEvents;
  readonly #end = Promise.withResolvers<string>();
  #lastError: string | undefined;
  #sentBytes = 0;
  #acknowledgedBytes = 0;
  /** {@link #sentBytes} at the last request to acknowledge. */
  #requestedAt = 0;
  #silentBeats = 0;
  #messagesBefore = 0;
  #isOpen = true;

  private constructor(client: NatsConnection, events: NatsServerConnectionEvents) {
    const { max_payload: maxPayload = 0, client_ip: clientIp = "", headers = false } = client.info ?? {};
    this.#client = client;
    this.#events = events;
    this.maxPayload = maxPayload;
    this.localAddress = plainAddress(clientIp).slice(0, 100);
    this.reportsNoResponders = headers;
    this.ended = this.#end.promise;
    void this.#followStatus();
    void client
      .closed()
      .then((error) => this.end(this.#lastError ?? (error ? messageOf(error) : "the connection was lost")));
  }

  /** @throws The error of the client when it cannot connect. */
  static async open(options: ConnectionOptions, events: NatsServerConnectionEvents): Promise<NatsServerConnection> {
    const client = await connect({
      ...options,
      reconnect: false,
      ignoreClusterUpdates: true,
      noAsyncTraces: true,
      pingInterval: clientPingMs,
    });
    return new NatsServerConnection(client, events);
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** How many bytes the server has not acknowledged; approximate. */
  get waitingBytes(): number {
    return this.#sentBytes - this.#acknowledgedBytes;
  }

  /** Sends a message. Does nothing when the connection has ended; ends it when the client refuses the message. */
  publish(subject: string, payload: Uint8Array | string, reply?: string): void {
    if (!this.#isOpen || this.#client.isClosed()) return;
    try {
      this.#client.publish(subject, payload, reply === undefined ? undefined : { reply });
    } catch (error) {
      // The server may have reduced max_payload since the connection began.
      this.end(`it does not accept a message: ${messageOf(error)}`);
      return;
    }
    this.#sentBytes += (typeof payload === "string" ? Buffer.byteLength(payload) : payload.length) + overheadBytes;
    if (this.#sentBytes - this.#requestedAt >= ackBytes) void this.#requestAck();
  }

  /**
   * Subscribes to a subject.
   *
   * @param onDenied Called when the server denies the subscription. Default: only `onViolation` is called.
   */
  subscribe(subject: string, onMessage: (message: Msg) => void, onDenied?: () => void): { unsubscribe(): void } {
    return this.#client.subscribe(subject, {
      callback: (error, message) => {
        if (!this.#isOpen) return;
        if (error !== null) {
          onDenied?.();
          return;
        }
        try {
          onMessage(message);
        } catch (thrown) {
          this.#events.onFault(thrown);
        }
      },
    });
  }

  /** Settles when the server has handled all that was sent before, or the connection has ended. */
  async flush(): Promise<void> {
    if (!this.#isOpen || this.#client.isClosed()) return;
    // The client's promise never settles when the connection ends meanwhile.
    await Promise.race([this.#client.flush().catch(() => undefined), this.ended]);
  }

  /** Checks the connection with each heartbeat: ends it when the server has been silent for too long, and pings it otherwise. */
  beat(intervalMs: number): void {
    const { inMsgs } = this.#client.stats();
    // The answer to a ping may queue behind many messages, which are signs of life as well.
    if (inMsgs !== this.#messagesBefore) this.#silentBeats = 0;
    this.#messagesBefore = inMsgs;
    if (this.#silentBeats >= maxSilentBeats) {
      this.end(`it has not answered for ${this.#silentBeats * intervalMs} ms`);
      return;
    }
    this.#silentBeats += 1;
    void this.#requestAck();
  }

  end(reason: string): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#end.resolve(reason);
    this.#client.close().catch(() => undefined);
  }

  /** Ends the connection. Settles when its socket is closed. */
  async close(): Promise<void> {
    this.end("it was closed");
    await this.#client.closed();
  }

  async #requestAck(): Promise<void> {
    const mark = this.#sentBytes;
    this.#requestedAt = mark;
    await this.flush();
    this.#acknowledgedBytes = Math.max(this.#acknowledgedBytes, mark);
    this.#silentBeats = 0;
  }

  async #followStatus(): Promise<void> {
    for await (const status of this.#client.status()) {
      if (status.type !== "error") continue;
      if (status.error instanceof PermissionViolationError) this.#events.onViolation(status.error);
      else this.#lastError = messageOf(status.error);
    }
  }
}
