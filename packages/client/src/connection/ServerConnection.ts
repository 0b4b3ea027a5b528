import { pageUserHash } from "../storage/userHash.ts";
import { messageOf } from "@peek/errors";
import {
  type ClientMessage,
  clientProtocol,
  closeCodes,
  type ServerMessage,
  type Staleness,
} from "@peek/live-protocol";
import { FrameReader } from "./FrameReader.ts";
import { LivenessCheck } from "./LivenessCheck.ts";
import { readServerMessage } from "./readServerMessage.ts";
import { ReconnectBackoff } from "./ReconnectBackoff.ts";

/** How long the service may take to let a browser in. */
const connectMs = 8000;
/** The service is gone when it has been silent for so many of its beats. */
const beatsMissed = 2.5;
/** The same, from when it is doubted that it is there on, where nothing large can be on its way. */
const beatsMissedInDoubt = 1;
/** How much longer the service may be silent at most, after it was cut for that: a large snapshot takes its time on a slow line. */
const mostPatience = 16;
/** A connection that was cut sooner is no sign that the next will stand. */
const stoodMs = 5000;

export type Greeting = Extract<ServerMessage, { readonly t: "hi" }>;

/** Who is told of what happens on the line. None of these may throw. */
export interface ConnectionListener {
  /** The service has let it in. */
  greeted(greeting: Greeting): void;
  message(message: ServerMessage): void;
  /** Whether the service was asked for what may be large, and has not sent it. */
  isAwaiting(): boolean;
  /** What the service has said is not known to be how things are; or, with undefined, is again. */
  doubted(doubt: Staleness | undefined): void;
  /** It is not connected. @param status What it does about it. */
  down(status: "offline" | "login", reason: string, end: ConnectionEnd): void;
}

/** How a connection, or an attempt to connect, has ended. */
export interface ConnectionEnd {
  /** With which the service has ended it. */
  readonly code?: number | undefined;
  /** Until when what the service has said was how things are; undefined where it has said nothing. */
  readonly knownAt?: number | undefined;
}

/** Where to connect to, and how. */
export interface ConnectionSettings {
  /** @see MonotonicClock.now */
  readonly now: () => number;
  readonly urls: readonly string[];
  readonly open: (url: string, protocol: string) => WebSocket;
}

/** One attempt to connect, and the connection that it becomes. */
interface Attempt {
  readonly socket: WebSocket;
  greetedAt: number | undefined;
  /** Undefined before it is greeted, and where the service gives no signs of life. */
  liveness: LivenessCheck | undefined;
}

/** The connection with the service, made again whenever it is cut. */
export class ServerConnection implements Disposable {
  readonly #options: ConnectionSettings;
  readonly #listener: ConnectionListener;
  readonly #delay = new ReconnectBackoff();
  #attempt: Attempt | undefined;
  /** The next try, the time limit of this one, or the next look at when the service was last heard. */
  #timer: ReturnType<typeof setTimeout> | undefined;
  #turn = 0;
  /** How many services have refused it, one after the other. */
  #refusals = 0;
  #patience = 1;
  /** As which device the service knows it. */
  #device: string | undefined;
  #heardAt = 0;
  /** When the last doubt began. */
  #doubtAt = 0;
  #beatMs = 0;
  #isClosed = false;

  constructor(options: ConnectionSettings, listener: ConnectionListener) {
    this.#options = options;
    this.#listener = listener;
  }

  /** Whether the service has let it in. */
  get isOpen(): boolean {
    return this.#attempt?.greetedAt !== undefined;
  }

  /** Connects now, unless it is connected or tries already. */
  connect(): void {
    if (this.#isClosed || this.#attempt !== undefined) return;
    clearTimeout(this.#timer);
    const url = this.#options.urls[this.#turn % this.#options.urls.length] ?? "";
    this.#timer = setTimeout(() => this.#cut("The service has not answered in time"), connectMs);
    let socket: WebSocket;
    try {
      socket = this.#options.open(withDevice(url, this.#device), clientProtocol);
    } catch (error) {
      this.#lost("offline", `Cannot connect: ${messageOf(error)}`);
      return;
    }
    socket.binaryType = "arraybuffer";
    const attempt: Attempt = { socket, greetedAt: undefined, liveness: undefined };
    this.#attempt = attempt;
    const reader = new FrameReader(
      (text) => this.#attempt === attempt && this.#hear(attempt, text),
      (error) => this.#attempt === attempt && this.#cut(messageOf(error)),
    );
    socket.addEventListener("message", ({ data }: MessageEvent<unknown>) => reader.take(data));
    socket.addEventListener("close", ({ code, reason }) => {
      if (this.#attempt === attempt) this.#closed(attempt, code, reason);
    });
    // `close` follows, and says all that there is to know; without a listener, some throw.
    socket.addEventListener("error", () => undefined);
  }

  /** There is reason to believe that the next try succeeds: it is not waited for. */
  wake(): void {
    if (this.#attempt === undefined) {
      this.#delay.reset();
      this.connect();
    } else if (this.isOpen) {
      this.#checkBeat();
      this.probe();
    }
  }

  /** It has to be connected: one whose other end is doubted is not waited for. */
  retry(): void {
    if (this.#isDoubted) this.#cut("The service does not answer");
    this.wake();
  }

  /** The network is another one, or is back: what was begun on the one before may never end. */
  renew(): void {
    if (this.#attempt?.greetedAt === undefined) this.drop("The network has changed");
    this.retry();
  }

  /** There is reason to ask whether the service is there: without an answer, what it has said is doubted soon. */
  probe(): void {
    this.#attempt?.liveness?.probe();
  }

  /** Cuts the connection, and tries again as after any other cut. */
  drop(reason: string): void {
    if (this.#attempt !== undefined) this.#cut(reason);
  }

  /** @returns Whether it was handed over; what is not has to be said again on the next connection. */
  send(message: ClientMessage): boolean {
    if (this.#attempt?.greetedAt === undefined || this.#attempt.socket.readyState !== 1) return false;
    this.#attempt.socket.send(JSON.stringify(message));
    if (message.t === "act") this.probe();
    return true;
  }

  [Symbol.dispose](): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    const attempt = this.#attempt;
    this.#attempt = undefined;
    attempt?.liveness?.[Symbol.dispose]();
    attempt?.socket.close(1000);
  }

  #hear(attempt: Attempt, text: string): void {
    this.#heardAt = performance.now();
    attempt.liveness?.heard();
    const message = readServerMessage(text);
    if (message === undefined) return;
    if (attempt.greetedAt !== undefined) {
      if (message.t === "res") attempt.liveness?.replied();
      if (message.t === "beat") this.send(message);
      else if (message.t !== "pulse") {
        attempt.liveness?.busy();
        this.#listener.message(message);
      } else if (message.n !== undefined) attempt.liveness?.answered(message.n);
    } else if (message.t === "hi") {
      attempt.greetedAt = this.#heardAt;
      this.#beatMs = message.beatMs;
      this.#device = message.device;
      this.#refusals = 0;
      clearTimeout(this.#timer);
      this.#checkBeat();
      attempt.liveness = this.#livenessOf(message);
      this.#listener.greeted(message);
    }
  }

  #livenessOf({ pulseMs }: Greeting): LivenessCheck | undefined {
    if (pulseMs === undefined) return undefined;
    return new LivenessCheck(pulseMs, {
      now: this.#options.now,
      send: (n) => void this.send({ t: "probe", n }),
      onDoubt: (doubt) => {
        if (doubt !== undefined) this.#doubtAt = performance.now();
        this.#checkBeat();
        this.#listener.doubted(doubt);
      },
    });
  }

  get #isDoubted(): boolean {
    return this.#attempt?.liveness?.isDoubted === true;
  }

  #checkBeat(): void {
    const isDoubted = this.#isDoubted && !this.#listener.isAwaiting();
    const longest = this.#beatMs * (isDoubted ? beatsMissedInDoubt : beatsMissed) * this.#patience;
    const since = isDoubted ? Math.max(this.#doubtAt, this.#heardAt) : this.#heardAt;
    const left = since + longest - performance.now();
    clearTimeout(this.#timer);
    if (left > 0) {
      this.#timer = setTimeout(() => this.#checkBeat(), Math.min(left + 1, this.#beatMs * beatsMissed));
      // What is on its way may keep the service's beats from coming: it is told that somebody is there.
      if (performance.now() - this.#heardAt > this.#beatMs) this.send({ t: "beat" });
      return;
    }
    const stoodFor = performance.now() - (this.#attempt?.greetedAt ?? 0);
    this.#patience = stoodFor > 2 * longest ? 1 : Math.min(mostPatience, this.#patience * 2);
    this.#cut("The service has not been heard for too long");
  }

  #cut(reason: string): void {
    const attempt = this.#attempt;
    this.#forget(attempt);
    // Over a dead line, closing may take as long as it likes.
    attempt?.socket.close();
    this.#lost("offline", reason, { knownAt: attempt?.liveness?.knownAt });
  }

  #closed(attempt: Attempt, code: number, reason: string): void {
    this.#forget(attempt);
    const knownAt = attempt.liveness?.knownAt;
    if (code === closeCodes.sessionEnded) {
      // Others may know of a session.
      this.#refusals += 1;
      const status = this.#refusals < this.#options.urls.length ? "offline" : "login";
      if (status === "login") this.#refusals = 0;
      this.#lost(status, reason === "" ? "The session has ended" : reason, { code, knownAt });
      return;
    }
    if (code === closeCodes.misbehaved) this.#delay.slowDown();
    const why = attempt.greetedAt === undefined ? "The service cannot be reached" : "The connection was cut";
    this.#lost("offline", reason === "" ? why : `${why}: ${reason}`, { code, knownAt });
  }

  #forget(attempt: Attempt | undefined): void {
    attempt?.liveness?.[Symbol.dispose]();
    if (attempt?.greetedAt !== undefined && performance.now() - attempt.greetedAt >= stoodMs) this.#delay.reset();
    this.#attempt = undefined;
  }

  #lost(status: "offline" | "login", reason: string, end: ConnectionEnd = {}): void {
    clearTimeout(this.#timer);
    if (this.#isClosed) return;
    this.#turn += 1;
    if (status === "offline") this.#timer = setTimeout(() => this.connect(), this.#delay.next());
    this.#listener.down(status, reason, end);
  }
}

/** Where there are no cookies, that is how a service knows an anonymous browser again. Where there are, no proxy logs it. */
function withDevice(url: string, device: string | undefined): string {
  if (device === undefined || pageUserHash([url])) return url;
  return `${url}${url.includes("?") ? "&" : "?"}device=${encodeURIComponent(device)}`;
}
