import type { Duplex } from "node:stream";
import { PeekError, toError } from "@peek/errors";
import { lingeringClose, type LingerLimits, WriteProgress } from "@peek/kit";
import type { PeerIdentity, PresenceChange } from "@peek/plugin-base";
import type { RawData, WebSocket } from "ws";
import type { Exchange, ExchangeMember } from "../Exchange.ts";
import { isObserver, serviceOfInstance } from "../instanceName.ts";
import { highWaterBytes, lowWaterBytes, maxWaitingBytes } from "../messageLimits.ts";
import type { Credential } from "./Authenticator.ts";
import { DrainMonitor } from "./DrainMonitor.ts";
import {
  eachLine,
  helloSchema,
  invalidLine,
  LineKind,
  maxControlLine,
  parseLine,
  servesSchema,
  serviceSchema,
} from "./exchangeProtocol.ts";
import { FrameBatcher } from "./FrameBatcher.ts";
import { peerJson, peerListLines } from "./peerListLines.ts";
import { ReadProgress } from "./ReadProgress.ts";
import { Throttle } from "./Throttle.ts";

/** How many invalid lines close a connection. Each heartbeat forgives one. */
const maxInvalidLines = 100;
/** After how many heartbeats without input a connection is considered dead. */
const maxSilentBeats = 2;
/** After how many heartbeats without any output, while data is queued, a connection is considered stuck. */
const maxStuckBeats = 2;
/** The most that is queued for a connection, even when hundreds of members send to it at the same time; bytes. */
const maxBufferedBytes = 4 * maxWaitingBytes;
/** The shortest interval in which changes of the served contracts are passed on to others. */
const announceMs = 100;
/** How long a service may take to read why its connection was closed, and how much it may send until then. */
const linger: LingerLimits = { maxMs: 5000, maxBytes: 64 * 1024 * 1024 };
/** The WebSocket close codes. */
const goingAway = 1001;
const policyViolation = 1008;

/** The surroundings of an {@link ExchangeConnection}. */
export interface ExchangeConnectionContext {
  readonly exchange: Exchange;
  readonly heartbeatMs: number;
  /** Called when all lines of a frame are handled. */
  readonly onFrame: () => void;
  /**
   * Reports a problem of the connected service.
   *
   * @param kind Equal for problems of the same kind.
   */
  readonly onProblem: (connection: ExchangeConnection, kind: string, message: string) => void;
  readonly onClosed: (connection: ExchangeConnection) => void;
}

/** A connection to the exchange; once it has said hello, a member of the exchange. */
export class ExchangeConnection implements ExchangeMember {
  /** The remote address. */
  readonly address: string;
  readonly #credential: Credential;
  readonly #context: ExchangeConnectionContext;
  readonly #socket: WebSocket;
  readonly #stream: Duplex;
  readonly #batcher: FrameBatcher;
  readonly #drain = new DrainMonitor(() => (this.#isEnded ? 0 : this.waitingBytes));
  readonly #readProgress: ReadProgress;
  readonly #writeProgress: WriteProgress;
  #announcements: Throttle<readonly string[]> | undefined;
  /** How many congested receivers keep this connection from being read. */
  #congestedReceivers = 0;
  /** Undefined before the hello. */
  #identity: PeerIdentity | undefined;
  #beatsWithoutHello = 0;
  #invalidLines = 0;
  #isCut = false;

  /** @param stream The stream below the socket. */
  constructor(
    socket: WebSocket,
    stream: Duplex,
    credential: Credential,
    address: string,
    context: ExchangeConnectionContext,
  ) {
    this.address = address;
    this.#credential = credential;
    this.#context = context;
    this.#socket = socket;
    this.#stream = stream;
    this.#readProgress = new ReadProgress(stream);
    this.#writeProgress = new WriteProgress(stream);
    this.#batcher = new FrameBatcher(socket, (bufferedBytes) => {
      if (bufferedBytes > maxBufferedBytes) this.#cutAsStuck(bufferedBytes);
    });
    socket.on("message", (data, isBinary) => this.#onFrame(data, isBinary));
    socket.on("error", (error) => this.#onError(error));
    socket.on("close", () => this.#onClose());
  }

  /** The instance name; before the hello, the service and its credential. */
  get title(): string {
    return this.#identity?.instance ?? `${this.#credential.service} with ${this.#credential.title}`;
  }

  get owner(): string {
    return this.#credential.title;
  }

  get waitingBytes(): number {
    return this.#batcher.waitingBytes;
  }

  onceDrained(listener: () => void): void {
    this.#drain.once(listener);
  }

  receive(from: PeerIdentity, message: string): void {
    if (!this.#isCut) this.#batcher.add(`${LineKind.message}${from.instance}\t${message}`);
  }

  presence({ kind, peer }: PresenceChange): void {
    if (this.#isCut) return;
    if (kind === "left") this.#batcher.add(LineKind.left + peer.instance);
    else this.#batcher.add((kind === "joined" ? LineKind.joined : LineKind.updated) + peerJson(peer));
  }

  gone(instance: string): void {
    if (!this.#isCut) this.#batcher.add(LineKind.gone + instance);
  }

  replaced(): void {
    this.terminate();
  }

  /** Checks the connection with each heartbeat: cuts it when it is dead or stuck, and pings it otherwise. */
  beat(): void {
    if (this.#isCut) return;
    this.recheck();
    // The recheck may have cut it.
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    this.#invalidLines = Math.max(0, this.#invalidLines - 1);
    if (this.#writeProgress.beat() >= maxStuckBeats) return this.#cutAsStuck(this.waitingBytes);
    if (this.#isSilent()) return;
    this.#socket.ping();
  }

  /** Cuts the connection when its credential is no longer valid. */
  recheck(): void {
    if (!this.#credential.isValid()) this.cut(`has ${this.#credential.title}, which is no longer valid`);
  }

  /**
   * Cuts the connection, and reports the reason.
   *
   * @param reason Continues a sentence after the title.
   */
  cut(reason: string): void {
    if (this.#isCut) return;
    this.#context.onProblem(this, `${this.title} cut`, `${this.title} ${reason}; its connection was cut`);
    this.terminate();
  }

  /** Closes the connection gracefully: the exchange stops. */
  close(): void {
    this.#batcher.flush();
    this.#isCut = true;
    this.#closeSocket(goingAway);
  }

  /** Cuts the connection without a report. */
  terminate(): void {
    this.#isCut = true;
    this.#batcher.clear();
    this.#drain.release();
    this.#socket.terminate();
  }

  /** Counts heartbeats without input; cuts the connection after too many. Returns whether it was cut. */
  #isSilent(): boolean {
    const hasJoined = this.#identity !== undefined;
    // Without a hello, input does not count.
    const silentBeats = hasJoined ? this.#readProgress.beat() : this.#beatsWithoutHello;
    if (!hasJoined) this.#beatsWithoutHello += 1;
    if (this.#congestedReceivers > 0) {
      // While it is not read, silence proves nothing.
      this.#readProgress.reset();
      return false;
    }
    if (silentBeats < maxSilentBeats) return false;
    // A peer that does not read cannot answer pings either.
    if (this.waitingBytes > lowWaterBytes) this.#cutAsStuck(this.waitingBytes);
    else {
      const ms = silentBeats * this.#context.heartbeatMs;
      this.cut(`${hasJoined ? "has sent nothing" : "has not said hello"} for ${ms} ms`);
    }
    return true;
  }

  #cutAsStuck(waitingBytes: number): void {
    this.cut(`does not read: ${waitingBytes} bytes are queued for it`);
  }

  get #isEnded(): boolean {
    return this.#isCut || this.#socket.readyState !== this.#socket.OPEN;
  }

  /** Backpressure: stops reading until a congested receiver has drained, so that the sender's own buffer fills up. */
  #pauseFor(receiver: ExchangeMember): void {
    this.#congestedReceivers += 1;
    if (this.#congestedReceivers === 1) this.#socket.pause();
    receiver.onceDrained(() => {
      this.#congestedReceivers -= 1;
      if (this.#congestedReceivers === 0 && !this.#isEnded) this.#socket.resume();
    });
  }

  #onFrame(data: RawData, isBinary: boolean): void {
    if (this.#isCut) return;
    if (isBinary || !Buffer.isBuffer(data)) this.#reject(invalidLine("a frame must be text"));
    else eachLine(data.toString(), (line) => this.#onLine(line));
    this.#context.onFrame();
  }

  #onLine(line: string): void {
    // A line before may have led to the end.
    if (this.#isCut) return;
    try {
      if (this.#identity === undefined) this.#onHello(line);
      else this.#onMemberLine(line, this.#identity);
    } catch (thrown) {
      this.#reject(thrown);
    }
  }

  #onHello(line: string): void {
    if (!line.startsWith(LineKind.hello)) throw invalidLine("the first line must be a hello");
    if (line.length > maxControlLine) throw invalidLine("the hello is too long");
    const { service } = this.#credential;
    const { observer, ...description } = parseLine(helloSchema, line.slice(1));
    // The credential determines the service; the instance name is the service's own choice, but must match.
    if (serviceOfInstance(description.instance) !== service || isObserver(description.instance) !== observer) {
      throw invalidLine(`an instance of the ${service} service must be named after it`);
    }
    this.#context.exchange.join({ service, ...description, address: this.address }, this, observer);
    this.#identity = { service, instance: description.instance };
    this.#batcher.add(LineKind.welcome + JSON.stringify({ heartbeatMs: this.#context.heartbeatMs }));
  }

  #onMemberLine(line: string, identity: PeerIdentity): void {
    const { exchange } = this.#context;
    if (line.startsWith(LineKind.message)) {
      this.#onMessage(line, identity);
    } else if (line.startsWith(LineKind.watch)) {
      const service = serviceSchema.safeParse(line.slice(1));
      if (!service.success) throw invalidLine("the service to watch does not exist");
      const peers = exchange.watch(identity.instance, service.data);
      for (const each of peerListLines(service.data, peers)) this.#batcher.add(each);
    } else if (line.startsWith(LineKind.serves)) {
      if (line.length > maxControlLine) throw invalidLine("the list of served contracts is too long");
      this.#announcements ??= new Throttle(announceMs, (serves) => exchange.announce(identity.instance, serves));
      this.#announcements.add(parseLine(servesSchema, line.slice(1)));
    } else throw invalidLine("its kind is unknown");
  }

  #onMessage(line: string, identity: PeerIdentity): void {
    const tab = line.indexOf("\t");
    if (tab === -1) throw invalidLine("a message must have a tab after its receiver");
    const to = line.slice(1, tab);
    const receiver = this.#context.exchange.send(identity, to, line.slice(tab + 1));
    if (receiver !== undefined) {
      if (receiver.waitingBytes > highWaterBytes) this.#pauseFor(receiver);
      return;
    }
    if (serviceOfInstance(to) === undefined) throw invalidLine("the receiver of a message must be an instance");
    this.gone(to);
  }

  /** Answers an invalid line with an error, which contains nothing internal. */
  #reject(thrown: unknown): void {
    const error = PeekError.is(thrown) ? thrown : new PeekError("INTERNAL", "The exchange failed to handle the line.");
    const { code, message } = error;
    const detail = PeekError.is(thrown) ? message : (toError(thrown).stack ?? "");
    this.#context.onProblem(this, code, `${this.title} sent an invalid line: ${detail}`);
    this.#batcher.add(LineKind.error + JSON.stringify({ code, message }));
    this.#invalidLines += 1;
    // Before the hello, nothing useful can follow an invalid line.
    if (this.#invalidLines < maxInvalidLines && this.#identity !== undefined) return;
    this.#batcher.flush();
    this.#isCut = true;
    this.#leave();
    this.#closeSocket(policyViolation, code);
  }

  #closeSocket(code: number, reason?: string): void {
    this.#socket.close(code, reason);
    lingeringClose(this.#stream, linger);
  }

  #onError(error: Error): void {
    // A broken connection needs no report: its member leaves.
    if ("code" in error && typeof error.code === "string" && error.code.startsWith("WS_")) {
      this.#context.onProblem(this, error.code, `${this.title} sent an invalid WebSocket frame: ${error.message}`);
      // ws has sent a close frame.
      if (!this.#isCut) lingeringClose(this.#stream, linger);
    }
  }

  #onClose(): void {
    this.#isCut = true;
    this.#batcher.clear();
    this.#drain.release();
    this.#leave();
    this.#context.onClosed(this);
  }

  #leave(): void {
    this.#announcements?.[Symbol.dispose]();
    if (this.#identity !== undefined) this.#context.exchange.leave(this.#identity.instance, this);
  }
}
