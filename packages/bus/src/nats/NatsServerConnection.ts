import { Buffer } from "node:buffer";
import { messageOf } from "@peek/errors";
import {
  connect,
  type ConnectionOptions,
  type Msg,
  type NatsConnection,
  PermissionViolationError,
} from "@nats-io/transport-node";
import { plainAddress } from "../plainAddress.ts";

/** So many bytes may be on their way before the server is asked whether it has them. */
const askBytes = 1024 * 1024;
/** After so many beats without an answer, the connection is taken for dead. */
const maxSilentBeats = 2;
/** The client's own look-out is too slow to be of use, and cannot be switched off; milliseconds. */
const clientPingMs = 3_600_000;
/** What a message takes besides its payload; about. */
const overheadBytes = 100;

/** What is told of a link while it is there. */
export interface NatsServerConnectionEvents {
  /** The server did not allow something. */
  readonly onViolation: (error: PermissionViolationError) => void;
  /** Something was thrown where a message was taken. */
  readonly onFault: (thrown: unknown) => void;
}

/** One connection to a NATS server. It does not connect again: whatever is on its way ends with it. */
export class NatsServerConnection {
  /** Settles with the reason when the link has ended. */
  readonly ended: Promise<string>;
  /** The largest message; bytes. */
  readonly maxPayload: number;
  /** This process, as the server sees it; an address without port. */
  readonly localAddress: string;
  /** Whether the server says when there is nobody. */
  readonly tellsOfNobody: boolean;
  readonly #client: NatsConnection;
  readonly #events: NatsServerConnectionEvents;
  readonly #end = Promise.withResolvers<string>();
  #lastError: string | undefined;
  #sentBytes = 0;
  #takenBytes = 0;
  #askedAt = 0;
  #silentBeats = 0;
  #messagesBefore = 0;
  #isOpen = true;

  private constructor(client: NatsConnection, events: NatsServerConnectionEvents) {
    const { max_payload: maxPayload = 0, client_ip: clientIp = "", headers = false } = client.info ?? {};
    this.#client = client;
    this.#events = events;
    this.maxPayload = maxPayload;
    this.localAddress = plainAddress(clientIp).slice(0, 100);
    this.tellsOfNobody = headers;
    this.ended = this.#end.promise;
    void this.#follow();
    void client.closed().then((error) => this.end(this.#lastError ?? (error ? messageOf(error) : "it was cut")));
  }

  /** @throws What the client throws when it cannot connect. */
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

  /** How much the server has not said that it has taken; bytes, about. */
  get waitingBytes(): number {
    return this.#sentBytes - this.#takenBytes;
  }

  /** Sends a message; once the link has ended, it goes nowhere. One that is not taken ends the link. */
  publish(subject: string, payload: Uint8Array | string, reply?: string): void {
    if (!this.#isOpen || this.#client.isClosed()) return;
    try {
      this.#client.publish(subject, payload, reply === undefined ? undefined : { reply });
    } catch (error) {
      // The server may take less than it did when the link began.
      this.end(`it does not take what is to be sent: ${messageOf(error)}`);
      return;
    }
    this.#sentBytes += (typeof payload === "string" ? Buffer.byteLength(payload) : payload.length) + overheadBytes;
    if (this.#sentBytes - this.#askedAt >= askBytes) void this.#ask();
  }

  /**
   * Takes what arrives on a subject.
   *
   * @param onDenied Called instead when the server does not allow that. Default: it is a violation.
   */
  subscribe(subject: string, take: (message: Msg) => void, onDenied?: () => void): { unsubscribe(): void } {
    return this.#client.subscribe(subject, {
      callback: (error, message) => {
        if (!this.#isOpen) return;
        if (error !== null) {
          onDenied?.();
          return;
        }
        try {
          take(message);
        } catch (thrown) {
          this.#events.onFault(thrown);
        }
      },
    });
  }

  /** Settles when the server has dealt with all that was sent before, or the link has ended. */
  async flush(): Promise<void> {
    if (!this.#isOpen || this.#client.isClosed()) return;
    // Never settles when the connection ends meanwhile.
    await Promise.race([this.#client.flush().catch(() => undefined), this.ended]);
  }

  /** Asks for a sign of life; ends the link when there was none for too long. */
  beat(intervalMs: number): void {
    const { inMsgs } = this.#client.stats();
    // Its answer may be behind much else that it has sent.
    if (inMsgs !== this.#messagesBefore) this.#silentBeats = 0;
    this.#messagesBefore = inMsgs;
    if (this.#silentBeats >= maxSilentBeats) {
      this.end(`it has not answered for ${this.#silentBeats * intervalMs} ms`);
      return;
    }
    this.#silentBeats += 1;
    void this.#ask();
  }

  end(reason: string): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#end.resolve(reason);
    this.#client.close().catch(() => undefined);
  }

  /** Ends the link, and settles when its socket is closed. */
  async close(): Promise<void> {
    this.end("it was closed");
    await this.#client.closed();
  }

  async #ask(): Promise<void> {
    const mark = this.#sentBytes;
    this.#askedAt = mark;
    await this.flush();
    this.#takenBytes = Math.max(this.#takenBytes, mark);
    this.#silentBeats = 0;
  }

  async #follow(): Promise<void> {
    for await (const status of this.#client.status()) {
      if (status.type !== "error") continue;
      if (status.error instanceof PermissionViolationError) this.#events.onViolation(status.error);
      else this.#lastError = messageOf(status.error);
    }
  }
}
