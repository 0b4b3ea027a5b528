import { messageOf } from "@peek/errors";
import {
  type ClientMessage,
  clientProtocol,
  closeCodes,
  type ServerMessage,
  type Staleness,
} from "@peek/live-protocol";
import { FrameReader } from "./FrameReader.ts";
import { HeartbeatTimeout } from "./HeartbeatTimeout.ts";
import { LivenessCheck } from "./LivenessCheck.ts";
import { pageUserHash } from "./pageUserHash.ts";
import { readServerMessage } from "./readServerMessage.ts";
import { ReconnectBackoff } from "./ReconnectBackoff.ts";

/** The longest time until the service accepts a connection. */
const connectTimeoutMs = 8000;
/** After a shorter connection, the backoff goes on growing. */
const stableMs = 5000;

export type Greeting = Extract<ServerMessage, { readonly t: "hi" }>;

/** The events of a connection. The methods must not throw. */
export interface ConnectionListener {
  /** The service has accepted the connection. */
  greeted(greeting: Greeting): void;
  message(message: ServerMessage): void;
  /** Whether the service has to send a message next that may be large. */
  isAwaitingState(): boolean;
  /** The data of the service may be stale; with undefined, it is current again. */
  suspected(suspicion: Staleness | undefined): void;
  /** The connection or an attempt has ended. @param status `offline`: the next attempt follows. `login`: none follows. */
  down(status: "offline" | "login", reason: string, end: ConnectionEnd): void;
}

/** How a connection, or an attempt to connect, has ended. */
export interface ConnectionEnd {
  /** The code with which the service has closed the connection. */
  readonly code?: number | undefined;
  /** Until when the data of the service was current; undefined if there was none. */
  readonly currentAt?: number | undefined;
}

export interface ConnectionSettings {
  /** @see MonotonicClock.now */
  readonly now: () => number;
  readonly urls: readonly string[];
  readonly open: (url: string, protocol: string) => WebSocket;
}

/** One attempt to connect, and the connection that results from it. */
interface Attempt {
  readonly socket: WebSocket;
  greetedAt: number | undefined;
  /** Undefined before the greeting, and if the service sends no pulses. */
  liveness: LivenessCheck | undefined;
}

/** The connection to the service; lost connections are replaced. */
export class ServerConnection implements Disposable {
  readonly #settings: ConnectionSettings;
  readonly #listener: ConnectionListener;
  readonly #backoff = new ReconnectBackoff();
  readonly #heartbeat: HeartbeatTimeout;
  #attempt: Attempt | undefined;
  /** The next attempt, or the timeout of the present one. */
  #timer: ReturnType<typeof setTimeout> | undefined;
  #urlIndex = 0;
  /** The number of services that have asked for a login, one after another. */
  #refusals = 0;
  /** The id under which the service knows this device. */
  #device: string | undefined;
  #isClosed = false;

  constructor(settings: ConnectionSettings, listener: ConnectionListener) {
    this.#settings = settings;
    this.#listener = listener;
    this.#heartbeat = new HeartbeatTimeout({
      isSuspected: () => this.#isSuspected && !listener.isAwaitingState(),
      sendBeat: () => void this.send({ t: "beat" }),
      timedOut: () => this.#abort("The service has been silent for too long"),
    });
  }

  /** Whether the service has accepted the connection. */
  get isOpen(): boolean {
    return this.#attempt?.greetedAt !== undefined;
  }

  /** Connects now, unless there is a connection or an attempt. */
  connect(): void {
    if (this.#isClosed || this.#attempt !== undefined) return;
    clearTimeout(this.#timer);
    const url = this.#settings.urls[this.#urlIndex % this.#settings.urls.length] ?? "";
    this.#timer = setTimeout(() => this.#abort("The service has not answered in time"), connectTimeoutMs);
    let socket: WebSocket;
    try {
      socket = this.#settings.open(withDevice(url, this.#device), clientProtocol);
    } catch (error) {
      this.#down("offline", `Cannot connect: ${messageOf(error)}`);
      return;
    }
    socket.binaryType = "arraybuffer";
    const attempt: Attempt = { socket, greetedAt: undefined, liveness: undefined };
    this.#attempt = attempt;
    const reader = new FrameReader(
      (text) => this.#attempt === attempt && this.#receive(attempt, text),
      (error) => this.#attempt === attempt && this.#abort(messageOf(error)),
    );
    socket.addEventListener("message", ({ data }: MessageEvent<unknown>) => reader.take(data));
    socket.addEventListener("close", ({ code, reason }) => {
      if (this.#attempt === attempt) this.#closed(attempt, code, reason);
    });
    // `close` follows and has the reason; without a listener, some WebSockets throw.
    socket.addEventListener("error", () => undefined);
  }

  /** Connects now, or checks the connection: the next attempt will probably succeed. */
  wake(): void {
    if (this.#attempt === undefined) {
      this.#backoff.reset();
      this.connect();
    } else if (this.isOpen) {
      this.#heartbeat.check();
      this.requestProbe();
    }
  }

  /** As {@link wake}, and replaces the connection if its service is suspected. */
  retry(): void {
    if (this.#isSuspected) this.#abort("The service does not answer");
    this.wake();
  }

  /** As {@link retry}, and replaces an attempt, too: after a change of the network, it may never end. */
  networkChanged(): void {
    if (this.#attempt?.greetedAt === undefined) this.drop("The network has changed");
    this.retry();
  }

  /** Probes the service within a moment. */
  requestProbe(): void {
    this.#attempt?.liveness?.requestProbe();
  }

  /** Ends the connection; the next attempt follows. */
  drop(reason: string): void {
    if (this.#attempt !== undefined) this.#abort(reason);
  }

  /** @returns Whether the message was sent. If not, it has to be sent again on the next connection. */
  send(message: ClientMessage): boolean {
    if (this.#attempt?.greetedAt === undefined || this.#attempt.socket.readyState !== 1) return false;
    this.#attempt.socket.send(JSON.stringify(message));
    if (message.t === "act") this.requestProbe();
    return true;
  }

  [Symbol.dispose](): void {
    this.#isClosed = true;
    const attempt = this.#attempt;
    this.#forget(attempt);
    attempt?.socket.close(1000);
  }

  #receive(attempt: Attempt, text: string): void {
    const { liveness } = attempt;
    this.#heartbeat.received();
    liveness?.received();
    const message = readServerMessage(text);
    if (message === undefined) return;
    if (attempt.greetedAt === undefined) {
      if (message.t === "hi") this.#greeted(attempt, message);
      return;
    }
    if (message.t === "res") liveness?.cancelProbe();
    if (message.t === "beat") this.send(message);
    else if (message.t !== "pulse") {
      liveness?.busy();
      this.#listener.message(message);
    } else if (message.n !== undefined) liveness?.answered(message.n);
  }

  #greeted(attempt: Attempt, greeting: Greeting): void {
    attempt.greetedAt = performance.now();
    this.#device = greeting.device;
    this.#refusals = 0;
    clearTimeout(this.#timer);
    this.#heartbeat.start(greeting.beatMs);
    if (greeting.pulseMs !== undefined) {
      attempt.liveness = new LivenessCheck(greeting.pulseMs, {
        now: this.#settings.now,
        sendProbe: (n) => void this.send({ t: "probe", n }),
        onSuspicion: (suspicion) => {
          this.#heartbeat.suspicionChanged(suspicion !== undefined);
          this.#listener.suspected(suspicion);
        },
      });
    }
    this.#listener.greeted(greeting);
  }

  get #isSuspected(): boolean {
    return this.#attempt?.liveness?.isSuspected === true;
  }

  #abort(reason: string): void {
    const attempt = this.#attempt;
    this.#forget(attempt);
    // Nothing waits for this: on a dead connection, the closing handshake may take minutes.
    attempt?.socket.close();
    this.#down("offline", reason, { currentAt: attempt?.liveness?.currentAt });
  }

  #closed(attempt: Attempt, code: number, reason: string): void {
    this.#forget(attempt);
    const end = { code, currentAt: attempt.liveness?.currentAt };
    if (code === closeCodes.sessionEnded) {
      // The user may have a session at another service.
      this.#refusals += 1;
      const status = this.#refusals < this.#settings.urls.length ? "offline" : "login";
      if (status === "login") this.#refusals = 0;
      this.#down(status, reason === "" ? "The session has ended" : reason, end);
      return;
    }
    if (code === closeCodes.misbehaved) this.#backoff.slowDown();
    const what = attempt.greetedAt === undefined ? "The service cannot be reached" : "The connection was lost";
    this.#down("offline", reason === "" ? what : `${what}: ${reason}`, end);
  }

  #forget(attempt: Attempt | undefined): void {
    clearTimeout(this.#timer);
    this.#heartbeat.stop();
    attempt?.liveness?.[Symbol.dispose]();
    if (attempt?.greetedAt !== undefined && performance.now() - attempt.greetedAt >= stableMs) this.#backoff.reset();
    this.#attempt = undefined;
  }

  #down(status: "offline" | "login", reason: string, end: ConnectionEnd = {}): void {
    clearTimeout(this.#timer);
    if (this.#isClosed) return;
    this.#urlIndex += 1;
    if (status === "offline") this.#timer = setTimeout(() => this.connect(), this.#backoff.nextDelayMs());
    this.#listener.down(status, reason, end);
  }
}

/** Adds the device's id to the URL where there is no cookie that identifies an anonymous browser. Elsewhere, no proxy should log it. */
function withDevice(url: string, device: string | undefined): string {
  if (device === undefined || pageUserHash([url])) return url;
  return `${url}${url.includes("?") ? "&" : "?"}device=${encodeURIComponent(device)}`;
}
