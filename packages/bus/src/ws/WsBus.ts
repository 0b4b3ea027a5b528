import { messageOf, toError } from "@peek/errors";
import type { Logger, Peer, PeerIdentity, PresenceChange, ServiceName } from "@peek/plugin-base";
import { type RawData, WebSocket } from "ws";
import { Backoff, Listeners, LogThrottle } from "@peek/kit";
import type { Bus, BusMember, BusState } from "../Bus.ts";
import { closed, disconnected, nobody, overloaded } from "../busErrors.ts";
import { isObserver, serviceOfInstance } from "../instanceName.ts";
import { checkMessage, exceedsQueueLimit, maxMessageBytes } from "../messageLimits.ts";
import { OutageLog } from "../OutageLog.ts";
import { PeerRegistry } from "../PeerRegistry.ts";
import { plainAddress } from "../plainAddress.ts";
import { connectToExchange, type WsCredentials } from "./connectToExchange.ts";
import { ReadProgress } from "./ReadProgress.ts";
import { Outbox } from "./FrameBatcher.ts";
import { readRefusal } from "./readRefusal.ts";
import {
  complaintSchema,
  eachLine,
  frameInvalid,
  LineKind,
  maxControlLine,
  parseLine,
  peerSchema,
  peersSchema,
  serviceSchema,
  welcomeSchema,
} from "./exchangeProtocol.ts";

/** With which an exchange that is stopped closes its connections: WebSocket's own code. */
const goingAway = 1001;
/** How long one attempt to connect may take; milliseconds. */
const attemptMs = 10_000;
/** How long a closing connection is waited for; milliseconds. */
const closeMs = 500;
/** A connection that has lasted so long was no failure; milliseconds. */
const lastingMs = 2000;
/** After so many heartbeats without a sign of life, the connection is taken for dead. */
const maxSilentBeats = 2;
/** The longest JSON with what is served: it fits into a hello, with what else is said there; characters. */
const maxServesText = maxControlLine - 1024;

/** How a service connects to the exchange. */
export interface WsBusOptions {
  readonly service: ServiceName;
  readonly member: BusMember;
  readonly host: string;
  readonly port: number;
  readonly secure: boolean;
  /**
   * What it shows; asked before each attempt, since it may have been replaced.
   *
   * @throws PeekError when there is nothing; its message is logged, and it is asked again later.
   */
  readonly credentials: () => WsCredentials;
  readonly logger: Logger;
  /** Says in words what a failure to connect means. Default: the error's own message. */
  readonly explain?: (error: Error) => string | undefined;
}

interface Watch {
  /** Settles when the members are known; there is one while that is waited for. */
  known: PromiseWithResolvers<void> | undefined;
}

/** A bus that goes through the exchange of the logic service. It connects by itself, again and again. */
export class WsBus implements Bus {
  readonly self: PeerIdentity;
  readonly maxMessageBytes = maxMessageBytes;
  readonly #options: WsBusOptions;
  readonly #url: string;
  readonly #stateListeners = new Listeners<BusState>();
  readonly #presenceListeners = new Listeners<PresenceChange>();
  readonly #goneListeners = new Listeners<string>();
  readonly #peers = new PeerRegistry((change) => this.#presenceListeners.tell(change));
  readonly #watches = new Map<ServiceName, Watch>();
  readonly #identities = new Map<string, PeerIdentity>();
  readonly #backoff = new Backoff();
  readonly #outages: OutageLog;
  #receiver: ((from: PeerIdentity, text: string) => void) | undefined;
  #serves: readonly string[] = [];
  /** What the exchange was told last, on this connection. */
  #toldServes: readonly string[] = [];
  #state: BusState = "connecting";
  #connectedAt = Infinity;
  /** Those of the services that are being told in several lines. */
  readonly #partial = new Map<ServiceName, Peer[]>();
  readonly #complaints = new LogThrottle();
  #socket: WebSocket | undefined;
  #outbox: Outbox | undefined;
  #retry: NodeJS.Timeout | undefined;
  #watchdog: NodeJS.Timeout | undefined;
  #life: ReadProgress | undefined;
  /** Why the present attempt or connection ends, as far as it is known. */
  #reason: string | undefined;
  /** Whether it ends since the other side does not let this one in. */
  #isRefused = false;
  #remoteAddress = "";

  constructor(options: WsBusOptions) {
    const { service, member, host, port, secure, logger } = options;
    this.#options = options;
    this.self = { service, instance: member.instance };
    this.#url = `${secure ? "wss" : "ws"}://${host.includes(":") ? `[${host}]` : host}:${port}`;
    // Who only looks on is a command, which ends with the reason.
    this.#outages = new OutageLog(member.observer === true ? undefined : logger, `the logic service at ${this.#url}`);
    this.#connect();
  }

  get state(): BusState {
    return this.#state;
  }

  get trouble(): string | undefined {
    return this.#outages.reason;
  }

  onState(listener: (state: BusState) => void): Disposable {
    return this.#stateListeners.add(listener);
  }

  onMessage(receiver: (from: PeerIdentity, text: string) => void): void {
    this.#receiver = receiver;
  }

  async watch(service: ServiceName): Promise<void> {
    const known = this.#watches.get(service);
    if (known !== undefined) return known.known?.promise;
    const watch: Watch = { known: undefined };
    this.#watches.set(service, watch);
    if (this.#state === "connected") this.#ask(service, watch);
    return watch.known?.promise;
  }

  peers(service: ServiceName): readonly Peer[] {
    return this.#peers.peers(service);
  }

  onPresence(listener: (change: PresenceChange) => void): Disposable {
    return this.#presenceListeners.add(listener);
  }

  onGone(listener: (instance: string) => void): Disposable {
    return this.#goneListeners.add(listener);
  }

  announce(serves: readonly string[]): void {
    // Checked here, since it would be refused in the hello of each connection to come.
    if (JSON.stringify(serves).length > maxServesText) {
      this.#options.logger.error("The %d contracts that are served here are too many to be told", serves.length);
      return;
    }
    this.#serves = serves;
    const outbox = this.#outboxIfConnected();
    if (outbox !== undefined) this.#tellServes(outbox);
  }

  send(to: PeerIdentity, text: string): void {
    const outbox = this.#outboxIfConnected();
    if (outbox === undefined) throw this.#state === "closed" ? closed(this.self) : disconnected(this.self);
    checkMessage(text, maxMessageBytes);
    if (this.#isKnownToBeGone(to)) throw nobody(to);
    const { waitingBytes } = outbox;
    if (exceedsQueueLimit(text, waitingBytes)) throw overloaded(this.self, waitingBytes);
    outbox.add(`${LineKind.message}${to.instance}\t${text}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#state === "closed") return;
    const socket = this.#socket;
    this.#outbox?.flush();
    this.#disconnect("closed");
    clearTimeout(this.#retry);
    for (const listeners of [this.#stateListeners, this.#presenceListeners, this.#goneListeners]) listeners.clear();
    if (socket === undefined || socket.readyState === WebSocket.CLOSED) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    socket.once("close", () => resolve());
    if (socket.readyState === WebSocket.OPEN) socket.close(1000);
    else socket.terminate();
    const late = setTimeout(() => socket.terminate(), closeMs);
    await promise;
    clearTimeout(late);
  }

  #outboxIfConnected(): Outbox | undefined {
    return this.#state === "connected" ? this.#outbox : undefined;
  }

  #isKnownToBeGone({ service, instance }: PeerIdentity): boolean {
    // Who looks on is not told of, and who is not watched not either: the exchange says so when there is nobody.
    const watch = this.#watches.get(service);
    if (watch === undefined || watch.known !== undefined || isObserver(instance)) return false;
    return !this.#peers.has(instance);
  }

  #connect(): void {
    this.#reason = undefined;
    this.#isRefused = false;
    let socket: WebSocket;
    try {
      socket = connectToExchange(this.#url, this.#options.credentials(), attemptMs);
    } catch (thrown) {
      this.#reason = messageOf(thrown);
      this.#tryLater();
      return;
    }
    this.#socket = socket;
    this.#outbox = new Outbox(socket);
    // The network may be cut at any moment, and whatever is waited for never come.
    this.#watchdog = setTimeout(() => this.#giveUp(attemptMs), attemptMs);
    socket.on("upgrade", ({ socket: stream }) => {
      this.#remoteAddress = plainAddress(stream.remoteAddress ?? "");
      this.#life = new ReadProgress(stream);
    });
    socket.on("open", () => this.#onOpen());
    socket.on("message", (data, isBinary) => {
      // Disposed, it hears no more, though the other end has not closed yet.
      if (this.#socket === socket) this.#onFrame(data, isBinary);
    });
    socket.on("unexpected-response", (_request, response) => {
      readRefusal(response, (said) => {
        this.#reason = said;
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
    this.#toldServes = this.#serves;
    this.#outbox?.add(LineKind.hello + JSON.stringify({ instance, version, since, observer, serves: this.#serves }));
  }

  #tellServes(outbox: Outbox): void {
    this.#toldServes = this.#serves;
    outbox.add(LineKind.serves + JSON.stringify(this.#serves));
  }

  #onClose(isStopping: boolean): void {
    const former = this.#state;
    if (performance.now() - this.#connectedAt > lastingMs) this.#backoff.reset();
    this.#disconnect("connecting");
    if (isStopping) this.#reason ??= "it has been stopped";
    if (former !== "closed") this.#tryLater(isStopping);
  }

  #tryLater(isStopping = false): void {
    const kind = this.#isRefused ? "refused" : isStopping ? "stopped" : undefined;
    this.#outages.failed(this.#reason ?? "the connection was closed", kind);
    this.#retry = setTimeout(() => this.#connect(), this.#backoff.next());
  }

  /** What ends with a connection, whatever comes next. */
  #disconnect(state: BusState): void {
    const former = this.#state;
    this.#state = former === "closed" ? former : state;
    clearTimeout(this.#watchdog);
    this.#outbox?.clear();
    this.#outbox = undefined;
    this.#socket = undefined;
    this.#connectedAt = Infinity;
    this.#identities.clear();
    this.#partial.clear();
    this.#peers.clear();
    for (const watch of this.#watches.values()) settle(watch);
    if (former !== this.#state) this.#stateListeners.tell(this.#state);
  }

  #onFrame(data: RawData, isBinary: boolean): void {
    try {
      if (isBinary || !Buffer.isBuffer(data)) throw frameInvalid("a frame must be text");
      eachLine(data.toString(), this.#takeLine);
    } catch (thrown) {
      // With an exchange that is not understood there is nothing to be done but to begin again.
      this.#reason = messageOf(toError(thrown));
      this.#socket?.terminate();
    }
  }

  readonly #takeLine = (line: string): void => {
    // What came before in the frame may have led to the end.
    if (this.#outbox === undefined) return;
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
        return void this.#gather(rest);
      case LineKind.peers:
        return this.#onPeers(...this.#gather(rest));
      case LineKind.joined:
      case LineKind.updated:
        return this.#peers.put(this.#asSeenFromHere(parseLine(peerSchema, rest)));
      case LineKind.left: {
        const { service, instance } = this.#identityOf(rest);
        this.#peers.remove(service, instance);
        return this.#onGone(instance);
      }
      case LineKind.gone:
        return this.#onGone(rest);
      case LineKind.complaint: {
        const { code, message } = parseLine(complaintSchema, rest);
        const suppressed = this.#complaints.count(code);
        if (suppressed !== undefined) {
          this.#options.logger.warning({ code }, "The logic service complains: %s%s", message, suppressed);
        }
        return;
      }
      default:
        throw frameInvalid("it is of no kind that is known");
    }
  };

  #onWelcome(heartbeatMs: number): void {
    this.#state = "connected";
    this.#connectedAt = performance.now();
    this.#watchOver(heartbeatMs);
    // What was announced since the hello.
    if (this.#outbox !== undefined && this.#serves !== this.#toldServes) this.#tellServes(this.#outbox);
    for (const [service, watch] of this.#watches) this.#ask(service, watch);
    this.#outages.connected();
    this.#stateListeners.tell("connected");
  }

  #watchOver(heartbeatMs: number): void {
    clearTimeout(this.#watchdog);
    this.#watchdog = setInterval(() => this.#beat(heartbeatMs), heartbeatMs);
  }

  #beat(heartbeatMs: number): void {
    const silentBeats = this.#life?.beat() ?? 0;
    if (silentBeats < maxSilentBeats) {
      // Not only when it is asked: that may wait behind much else on its way here.
      this.#socket?.ping();
      return;
    }
    this.#giveUp(silentBeats * heartbeatMs);
  }

  #giveUp(silentMs: number): void {
    this.#reason = `it has not been heard of for ${silentMs} ms`;
    this.#socket?.terminate();
  }

  /** Adds what a line tells of a service's members to what lines before it have told. */
  #gather(rest: string): [ServiceName, readonly Peer[]] {
    const tab = rest.indexOf("\t");
    const service = serviceSchema.parse(rest.slice(0, tab));
    const peers = this.#partial.get(service) ?? [];
    this.#partial.set(service, peers);
    peers.push(...parseLine(peersSchema, rest.slice(tab + 1)));
    return [service, peers];
  }

  #onPeers(service: ServiceName, peers: readonly Peer[]): void {
    this.#partial.delete(service);
    this.#peers.replace(
      service,
      peers.map((peer) => this.#asSeenFromHere(peer)),
    );
    const watch = this.#watches.get(service);
    if (watch !== undefined) settle(watch);
  }

  #onGone(instance: string): void {
    this.#identities.delete(instance);
    this.#goneListeners.tell(instance);
  }

  #ask(service: ServiceName, watch: Watch): void {
    watch.known ??= Promise.withResolvers();
    this.#outbox?.add(LineKind.watch + service);
  }

  #identityOf(instance: string): PeerIdentity {
    const known = this.#identities.get(instance);
    if (known !== undefined) return known;
    const service = serviceOfInstance(instance);
    if (service === undefined) throw frameInvalid("it must name an instance");
    const identity = { service, instance };
    this.#identities.set(instance, identity);
    return identity;
  }

  /** The process that tells it says `local` of itself. */
  #asSeenFromHere(peer: Peer): Peer {
    if (peer.instance === this.self.instance) return { ...peer, address: "local" };
    return peer.address === "local" ? { ...peer, address: this.#remoteAddress } : peer;
  }
}

function settle(watch: Watch): void {
  watch.known?.resolve();
  watch.known = undefined;
}
