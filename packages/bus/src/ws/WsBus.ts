import { messageOf, toError } from "@peek/errors";
import { Backoff, Listeners, LogThrottle } from "@peek/kit";
import type { Logger, Peer, PeerIdentity, PresenceChange, ServiceName } from "@peek/plugin-base";
import { type RawData, WebSocket } from "ws";
import type { Bus, BusMember, BusState } from "../Bus.ts";
import { closed, disconnected, notConnected, overloaded } from "../busErrors.ts";
import { serviceOfInstance } from "../instanceName.ts";
import { checkMessage, exceedsQueueLimit, maxMessageBytes } from "../messageLimits.ts";
import { OutageLog } from "../OutageLog.ts";
import { plainAddress } from "../plainAddress.ts";
import { connectToExchange, type WsCredentials } from "./connectToExchange.ts";
import {
  eachLine,
  errorSchema,
  invalidLine,
  LineKind,
  maxControlLine,
  parseLine,
  peerSchema,
  welcomeSchema,
} from "./exchangeProtocol.ts";
import { FrameBatcher } from "./FrameBatcher.ts";
import { ReadProgress } from "./ReadProgress.ts";
import { readRefusal } from "./readRefusal.ts";
import { WsPresence } from "./WsPresence.ts";

/** The WebSocket close code of an exchange that stops. */
const goingAway = 1001;
/** How long one attempt to connect may take. */
const defaultAttemptMs = 10_000;
/** How long to wait for a connection to close. */
const closeMs = 500;
/** A connection that lasted this long resets the backoff. */
const stableMs = 2000;
/** After how many heartbeats without input the connection is considered dead. */
const maxSilentBeats = 2;
/** The longest JSON of served contracts: it fits into a hello; characters. */
const maxServesJson = maxControlLine - 1024;

/** How a {@link WsBus} connects to the exchange. */
export interface WsBusOptions {
  readonly service: ServiceName;
  readonly member: BusMember;
  readonly host: string;
  readonly port: number;
  readonly secure: boolean;
  /**
   * Returns the credentials. Called before each attempt, since files may have been replaced. When it throws a PeekError, its message
   * is logged, and the bus tries again later.
   */
  readonly credentials: () => WsCredentials;
  readonly logger: Logger;
  /** How long one attempt to connect may take. Default: 10,000. */
  readonly attemptMs?: number;
  /** Explains why a connection failed. Default: the error's own message. */
  readonly explain?: (error: Error) => string | undefined;
}

/** A bus over the data exchange of the logic service. It connects, and reconnects, by itself. */
export class WsBus implements Bus {
  readonly self: PeerIdentity;
  readonly maxMessageBytes = maxMessageBytes;
  readonly #options: WsBusOptions;
  readonly #url: string;
  readonly #stateListeners = new Listeners<BusState>();
  readonly #presenceListeners = new Listeners<PresenceChange>();
  readonly #goneListeners = new Listeners<string>();
  readonly #presence: WsPresence;
  readonly #identities = new Map<string, PeerIdentity>();
  readonly #backoff = new Backoff();
  readonly #outages: OutageLog;
  readonly #logThrottle = new LogThrottle();
  #receiver: ((from: PeerIdentity, message: string) => void) | undefined;
  #serves: readonly string[] = [];
  /** The contracts that were announced over this connection. */
  #announced: readonly string[] = [];
  #state: BusState = "connecting";
  #connectedAt = Infinity;
  #socket: WebSocket | undefined;
  #batcher: FrameBatcher | undefined;
  #retry: NodeJS.Timeout | undefined;
  /** The timeout of an attempt; while connected, the heartbeat. */
  #watchdog: NodeJS.Timeout | undefined;
  #readProgress: ReadProgress | undefined;
  /** Why the present attempt or connection ends, as soon as it is known. */
  #reason: string | undefined;
  /** Whether it ends because the exchange refuses this service. */
  #isRefused = false;

  constructor(options: WsBusOptions) {
    const { service, member, host, port, secure, logger } = options;
    this.#options = options;
    this.self = { service, instance: member.instance };
    this.#presence = new WsPresence(this.self, (change) => this.#presenceListeners.notify(change));
    this.#url = `${secure ? "wss" : "ws"}://${host.includes(":") ? `[${host}]` : host}:${port}`;
    // An observer is a command, which reports the reason itself.
    this.#outages = new OutageLog(member.observer === true ? undefined : logger, `the logic service at ${this.#url}`);
    this.#connect();
  }

  get state(): BusState {
    return this.#state;
  }

  get disconnectReason(): string | undefined {
    return this.#outages.reason;
  }

  onState(listener: (state: BusState) => void): Disposable {
    return this.#stateListeners.add(listener);
  }

  onMessage(receiver: (from: PeerIdentity, message: string) => void): void {
    this.#receiver = receiver;
  }

  async watch(service: ServiceName): Promise<void> {
    if (!this.#presence.isWatched(service)) {
      this.#presence.watch(service);
      if (this.#state === "connected") this.#requestPeers(service);
    }
    return this.#presence.known(service);
  }

  peers(service: ServiceName): readonly Peer[] {
    return this.#presence.peers(service);
  }

  onPresence(listener: (change: PresenceChange) => void): Disposable {
    return this.#presenceListeners.add(listener);
  }

  onGone(listener: (instance: string) => void): Disposable {
    return this.#goneListeners.add(listener);
  }

  announce(serves: readonly string[]): void {
    // Checked here: the exchange would refuse the hello of every later connection.
    if (JSON.stringify(serves).length > maxServesJson) {
      this.#options.logger.error("Failed to announce %d contracts: their names are too long together", serves.length);
      return;
    }
    this.#serves = serves;
    const batcher = this.#batcherIfConnected();
    if (batcher !== undefined) this.#announceOver(batcher);
  }

  send(to: PeerIdentity, message: string): void {
    const batcher = this.#batcherIfConnected();
    if (batcher === undefined) throw this.#state === "closed" ? closed(this.self) : disconnected(this.self);
    checkMessage(message, maxMessageBytes);
    if (this.#presence.isKnownToBeGone(to)) throw notConnected(to);
    const { waitingBytes } = batcher;
    if (exceedsQueueLimit(message, waitingBytes)) throw overloaded(this.self, waitingBytes);
    batcher.add(`${LineKind.message}${to.instance}\t${message}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#state === "closed") return;
    const socket = this.#socket;
    this.#batcher?.flush();
    this.#disconnect("closed");
    clearTimeout(this.#retry);
    for (const listeners of [this.#stateListeners, this.#presenceListeners, this.#goneListeners]) listeners.clear();
    if (socket === undefined || socket.readyState === WebSocket.CLOSED) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    socket.once("close", () => resolve());
    if (socket.readyState === WebSocket.OPEN) socket.close(1000);
    else socket.terminate();
    const timeout = setTimeout(() => socket.terminate(), closeMs);
    await promise;
    clearTimeout(timeout);
  }

  #batcherIfConnected(): FrameBatcher | undefined {
    return this.#state === "connected" ? this.#batcher : undefined;
  }

  #connect(): void {
    const { credentials, attemptMs = defaultAttemptMs } = this.#options;
    this.#reason = undefined;
    this.#isRefused = false;
    let socket: WebSocket;
    try {
      socket = connectToExchange(this.#url, credentials(), attemptMs);
    } catch (thrown) {
      this.#reason = messageOf(thrown);
      this.#retryLater();
      return;
    }
    this.#socket = socket;
    this.#batcher = new FrameBatcher(socket);
    // The network may fail at any point of the attempt, and no event would follow.
    this.#watchdog = setTimeout(() => this.#giveUp(attemptMs), attemptMs);
    socket.on("upgrade", ({ socket: stream }) => {
      this.#presence.exchangeAddress = plainAddress(stream.remoteAddress ?? "");
      this.#readProgress = new ReadProgress(stream);
    });
    socket.on("open", () => this.#onOpen());
    socket.on("message", (data, isBinary) => {
      // A disposed bus must stay silent, though the connection is not closed yet.
      if (this.#socket === socket) this.#onFrame(data, isBinary);
    });
    socket.on("unexpected-response", (_request, response) => {
      readRefusal(response, (reason) => {
        this.#reason = reason;
        this.#isRefused = true;
        socket.terminate();
      });
    });
    socket.on("error", (error) => (this.#reason ??= this.#options.explain?.(error) ?? error.message));
    socket.on("close", (code) => {
      if (this.#socket === socket) this.#onClose(code === goingAway);
    });
  }

  #onOpen(): void {
    const { instance, version, since, observer = false } = this.#options.member;
    this.#announced = this.#serves;
    this.#batcher?.add(LineKind.hello + JSON.stringify({ instance, version, since, observer, serves: this.#serves }));
  }

  #announceOver(batcher: FrameBatcher): void {
    this.#announced = this.#serves;
    batcher.add(LineKind.serves + JSON.stringify(this.#serves));
  }

  #onClose(isStopping: boolean): void {
    const former = this.#state;
    if (performance.now() - this.#connectedAt > stableMs) this.#backoff.reset();
    this.#disconnect("connecting");
    if (isStopping) this.#reason ??= "it was stopped";
    if (former !== "closed") this.#retryLater(isStopping);
  }

  #retryLater(isStopping = false): void {
    const kind = this.#isRefused ? "refused" : isStopping ? "stopped" : undefined;
    this.#outages.failed(this.#reason ?? "the connection was closed", kind);
    this.#retry = setTimeout(() => this.#connect(), this.#backoff.next());
  }

  /** Drops all state of the connection. */
  #disconnect(state: BusState): void {
    const former = this.#state;
    this.#state = former === "closed" ? former : state;
    clearTimeout(this.#watchdog);
    this.#batcher?.clear();
    this.#batcher = undefined;
    this.#socket = undefined;
    this.#connectedAt = Infinity;
    this.#identities.clear();
    this.#presence.clear();
    if (former !== this.#state) this.#stateListeners.notify(this.#state);
  }

  #onFrame(data: RawData, isBinary: boolean): void {
    try {
      if (isBinary || !Buffer.isBuffer(data)) throw invalidLine("a frame must be text");
      eachLine(data.toString(), this.#onLine);
    } catch (thrown) {
      // After an invalid line of the exchange, the state of the protocol is unknown: start over.
      this.#reason = messageOf(toError(thrown));
      this.#socket?.terminate();
    }
  }

  readonly #onLine = (line: string): void => {
    // A line before may have led to the end.
    if (this.#batcher === undefined) return;
    if (line.startsWith(LineKind.message)) {
      const tab = line.indexOf("\t");
      this.#receiver?.(this.#identityOf(line.slice(1, tab)), line.slice(tab + 1));
      return;
    }
    const rest = line.slice(1);
    switch (line.charAt(0)) {
      case LineKind.welcome:
        return this.#onWelcome(parseLine(welcomeSchema, rest).heartbeatMs);
      case LineKind.somePeers:
        return this.#presence.onPeerList(rest, false);
      case LineKind.peers:
        return this.#presence.onPeerList(rest, true);
      case LineKind.joined:
      case LineKind.updated:
        return this.#presence.put(parseLine(peerSchema, rest));
      case LineKind.left: {
        const identity = this.#identityOf(rest);
        this.#presence.remove(identity);
        return this.#onGone(identity.instance);
      }
      case LineKind.gone:
        return this.#onGone(rest);
      case LineKind.error: {
        const { code, message } = parseLine(errorSchema, rest);
        const suppressed = this.#logThrottle.count(code);
        if (suppressed !== undefined) {
          this.#options.logger.warning({ code }, "The logic service rejected a line: %s%s", message, suppressed);
        }
        return;
      }
      default:
        throw invalidLine("its kind is unknown");
    }
  };

  #onWelcome(heartbeatMs: number): void {
    this.#state = "connected";
    this.#connectedAt = performance.now();
    clearTimeout(this.#watchdog);
    this.#watchdog = setInterval(() => this.#beat(heartbeatMs), heartbeatMs);
    // The contracts may have changed since the hello.
    if (this.#batcher !== undefined && this.#serves !== this.#announced) this.#announceOver(this.#batcher);
    for (const service of this.#presence.services) this.#requestPeers(service);
    this.#outages.connected();
    this.#stateListeners.notify("connected");
  }

  #beat(heartbeatMs: number): void {
    const silentBeats = this.#readProgress?.beat() ?? 0;
    if (silentBeats < maxSilentBeats) {
      // The exchange pings as well, but its pings may queue behind much data.
      this.#socket?.ping();
      return;
    }
    this.#giveUp(silentBeats * heartbeatMs);
  }

  #giveUp(silentMs: number): void {
    this.#reason = `it has sent nothing for ${silentMs} ms`;
    this.#socket?.terminate();
  }

  #onGone(instance: string): void {
    this.#identities.delete(instance);
    this.#goneListeners.notify(instance);
  }

  #requestPeers(service: ServiceName): void {
    this.#presence.requested(service);
    this.#batcher?.add(LineKind.watch + service);
  }

  #identityOf(instance: string): PeerIdentity {
    const existing = this.#identities.get(instance);
    if (existing !== undefined) return existing;
    const service = serviceOfInstance(instance);
    if (service === undefined) throw invalidLine("it must name an instance");
    const identity = { service, instance };
    this.#identities.set(instance, identity);
    return identity;
  }
}
