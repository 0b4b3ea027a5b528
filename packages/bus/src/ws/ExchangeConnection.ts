import { PeekError, toError } from "@peek/errors";
import type { PeerIdentity, PresenceChange } from "@peek/plugin-base";
import type { Duplex } from "node:stream";
import type { RawData, WebSocket } from "ws";
import type { Exchange, ExchangeMember } from "../Exchange.ts";
import { isObserver, serviceOfInstance } from "../instanceName.ts";
import { highWaterBytes, maxWaitingBytes, lowWaterBytes } from "../messageLimits.ts";
import type { Credential } from "./Authenticator.ts";
import { ReadProgress } from "./ReadProgress.ts";
import { Outbox } from "./FrameBatcher.ts";
import { Throttle } from "./Throttle.ts";
import { peerListLines, peerText } from "./peerListLines.ts";
import {
  eachLine,
  frameInvalid,
  helloSchema,
  LineKind,
  maxControlLine,
  parseLine,
  servesSchema,
  serviceSchema,
} from "./exchangeProtocol.ts";
import { WriteProgress } from "@peek/kit";

/** After so many lines that were not understood, there is no use in listening any longer; each heartbeat forgives one. */
const maxComplaints = 100;
/** After so many heartbeats in which nothing was heard, it is taken for dead. */
const maxSilentBeats = 2;
/** After so many in which it has taken nothing of what waits for it, it is taken for stuck. */
const maxStuckBeats = 2;
/** So much never waits for one, even when hundreds send to it at the same time; bytes. */
const tooMuchWaiting = 4 * maxWaitingBytes;
/** How often it is looked whether it has taken what others wait for; milliseconds. */
const reliefMs = 20;
/** How often others are told of what it serves, at the most; milliseconds. */
const announceMs = 100;
/** How long it may take to close in order; milliseconds. */
const closeMs = 500;
/** WebSocket's code for a peer that does not keep to the rules. */
const policyViolation = 1008;

/** What a {@link ExchangeConnection} has to do with its surroundings. */
export interface ExchangeConnectionContext {
  readonly exchange: Exchange;
  readonly heartbeatMs: number;
  /** Called when all lines of a frame have been passed on. */
  readonly onFrame: () => void;
  /** Told of what the one at the other end does wrong, or suffers. */
  readonly onTrouble: (connection: ExchangeConnection, kind: string, message: string) => void;
  readonly onClosed: (connection: ExchangeConnection) => void;
}

/** One connection to the exchange: the member that is at its other end. */
export class ExchangeConnection implements ExchangeMember {
  /** Where it is from. */
  readonly address: string;
  readonly #credential: Credential;
  readonly #context: ExchangeConnectionContext;
  readonly #socket: WebSocket;
  readonly #outbox: Outbox;
  readonly #life: ReadProgress;
  readonly #progress: WriteProgress;
  #announcements: Throttle<readonly string[]> | undefined;
  /** Those who wait until it has taken most of what waits for it. */
  #waiters: (() => void)[] = [];
  #relief: NodeJS.Timeout | undefined;
  /** For how many that it has sent to it is not listened to. */
  #holds = 0;
  /** Who it is, once it has said hello. */
  #identity: PeerIdentity | undefined;
  #beatsWithoutHello = 0;
  #complaints = 0;
  #cut = false;

  /** @param stream What is below the socket. */
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
    this.#life = new ReadProgress(stream);
    this.#progress = new WriteProgress(stream);
    this.#outbox = new Outbox(socket, (waitingBytes) => {
      if (waitingBytes > tooMuchWaiting) this.#cutAsStuck(waitingBytes);
    });
    socket.on("message", (data, isBinary) => this.#onFrame(data, isBinary));
    socket.on("error", (error) => this.#onError(error));
    socket.on("close", () => this.#onClose());
  }

  /** Its instance's name, or its credential before it has said hello. */
  get title(): string {
    return this.#identity?.instance ?? `${this.#credential.service} with ${this.#credential.title}`;
  }

  get owner(): string {
    return this.#credential.title;
  }

  get waitingBytes(): number {
    return this.#outbox.waitingBytes;
  }

  onceDrained(listener: () => void): void {
    if (this.#isEnded || this.waitingBytes <= lowWaterBytes) {
      listener();
      return;
    }
    this.#waiters.push(listener);
    this.#relief ??= setInterval(() => {
      if (this.waitingBytes <= lowWaterBytes) this.#relieve();
    }, reliefMs);
  }

  receive(from: PeerIdentity, text: string): void {
    if (!this.#cut) this.#outbox.add(`${LineKind.message}${from.instance}\t${text}`);
  }

  presence({ kind, peer }: PresenceChange): void {
    if (this.#cut) return;
    if (kind === "left") this.#outbox.add(LineKind.left + peer.instance);
    else this.#outbox.add((kind === "joined" ? LineKind.joined : LineKind.updated) + peerText(peer));
  }

  gone(instance: string): void {
    if (!this.#cut) this.#outbox.add(LineKind.gone + instance);
  }

  replaced(): void {
    this.#end();
  }

  /**
   * Asks whether the other end is still there, and gives it up when it has not answered for too long, or may not be there
   * any more.
   */
  beat(): void {
    if (this.#cut) return;
    this.recheck();
    // That may have cut it.
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    this.#complaints = Math.max(0, this.#complaints - 1);
    if (this.#progress.beat() >= maxStuckBeats) return this.#cutAsStuck(this.waitingBytes);
    const isKnown = this.#identity !== undefined;
    // Without a hello, nothing keeps it.
    const silentBeats = isKnown ? this.#life.beat() : this.#beatsWithoutHello;
    if (!isKnown) this.#beatsWithoutHello += 1;
    // Who is not listened to cannot be heard; nor at once when he is again.
    if (this.#holds > 0) this.#life.excuse();
    else if (silentBeats >= maxSilentBeats) {
      // It may well be alive, and not read.
      if (this.waitingBytes > lowWaterBytes) return this.#cutAsStuck(this.waitingBytes);
      const ms = silentBeats * this.#context.heartbeatMs;
      this.cut(`${isKnown ? "has not been heard of" : "has not said hello"} for ${ms} ms`);
      return;
    }
    this.#socket.ping();
  }

  /** Ends the connection when its credential is good no more. */
  recheck(): void {
    if (!this.#credential.isValid()) this.cut(`has ${this.#credential.title}, which is no longer valid`);
  }

  /** Ends the connection at once, and says why in the log. */
  cut(why: string): void {
    if (this.#cut) return;
    this.#context.onTrouble(this, `${this.title} cut`, `${this.title} ${why}; its connection was cut`);
    this.#end();
  }

  /** Ends it in order: the exchange stops. */
  close(): void {
    this.#outbox.flush();
    this.#cut = true;
    // 1001: going away.
    this.#socket.close(1001);
  }

  /** Ends it now, whatever the other end does. */
  terminate(): void {
    this.#end();
  }

  #cutAsStuck(waitingBytes: number): void {
    this.cut(`does not take what is sent to it: ${waitingBytes} bytes wait`);
  }

  get #isEnded(): boolean {
    return this.#cut || this.#socket.readyState !== this.#socket.OPEN;
  }

  #end(): void {
    this.#cut = true;
    this.#outbox.clear();
    this.#relieve();
    this.#socket.terminate();
  }

  #relieve(): void {
    clearInterval(this.#relief);
    this.#relief = undefined;
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const relieved of waiters) relieved();
  }

  /** Does not listen to it until one that it sends to has taken what waits: its own buffer fills up then, and it sees that. */
  #hold(target: ExchangeMember): void {
    this.#holds += 1;
    if (this.#holds === 1) this.#socket.pause();
    target.onceDrained(() => {
      this.#holds -= 1;
      if (this.#holds === 0 && !this.#isEnded) this.#socket.resume();
    });
  }

  #onFrame(data: RawData, isBinary: boolean): void {
    if (this.#cut) return;
    if (isBinary || !Buffer.isBuffer(data)) this.#complain(frameInvalid("a frame must be text"));
    else eachLine(data.toString(), (line) => this.#takeLine(line));
    this.#context.onFrame();
  }

  #takeLine(line: string): void {
    try {
      this.#take(line);
    } catch (thrown) {
      this.#complain(thrown);
    }
  }

  #take(line: string): void {
    // A complaint may have been one too many.
    if (this.#cut) return;
    const identity = this.#identity;
    if (identity === undefined) return this.#hello(line);
    const { exchange } = this.#context;
    if (line.startsWith(LineKind.message)) {
      const tab = line.indexOf("\t");
      if (tab === -1) throw frameInvalid("a message must have a tab after whom it is for");
      const to = line.slice(1, tab);
      const target = exchange.send(identity, to, line.slice(tab + 1));
      if (target !== undefined) {
        if (target.waitingBytes > highWaterBytes) this.#hold(target);
        return;
      }
      if (serviceOfInstance(to) === undefined) throw frameInvalid("a message must be for an instance");
      this.gone(to);
    } else if (line.startsWith(LineKind.watch)) {
      const service = serviceSchema.safeParse(line.slice(1));
      if (!service.success) throw frameInvalid("there is no service of the name that is to be watched");
      const peers = exchange.watch(identity.instance, service.data);
      for (const each of peerListLines(service.data, peers)) this.#outbox.add(each);
    } else if (line.startsWith(LineKind.serves)) {
      if (line.length > maxControlLine) throw frameInvalid("more is served than can be told");
      this.#announcements ??= new Throttle(announceMs, (serves) => exchange.announce(identity.instance, serves));
      this.#announcements.add(parseLine(servesSchema, line.slice(1)));
    } else throw frameInvalid("it is of no kind that is known");
  }

  #hello(line: string): void {
    if (!line.startsWith(LineKind.hello)) throw frameInvalid("the first line must be a hello");
    if (line.length > maxControlLine) throw frameInvalid("the hello is too long");
    const { service } = this.#credential;
    const { observer, ...said } = parseLine(helloSchema, line.slice(1));
    // What it is follows from its credential; its instance is named by itself, but as one of that service.
    if (serviceOfInstance(said.instance) !== service || isObserver(said.instance) !== observer) {
      throw frameInvalid(`an instance of the ${service} service must be named after it`);
    }
    this.#context.exchange.join({ service, ...said, address: this.address }, this, observer);
    this.#identity = { service, instance: said.instance };
    this.#outbox.add(LineKind.welcome + JSON.stringify({ heartbeatMs: this.#context.heartbeatMs }));
  }

  /** Says what was wrong, in a line that holds nothing of what is within. */
  #complain(thrown: unknown): void {
    const error = PeekError.is(thrown) ? thrown : new PeekError("INTERNAL", "The line could not be handled.");
    const { code, message } = error;
    const detail = PeekError.is(thrown) ? message : (toError(thrown).stack ?? "");
    this.#context.onTrouble(this, code, `${this.title} sent what was not understood: ${detail}`);
    this.#outbox.add(LineKind.complaint + JSON.stringify({ code, message }));
    this.#complaints += 1;
    // Without a hello it is no member: nothing else can come of it.
    if (this.#complaints < maxComplaints && this.#identity !== undefined) return;
    this.#outbox.flush();
    this.#cut = true;
    this.#leave();
    this.#socket.close(policyViolation, code);
    setTimeout(() => this.#socket.terminate(), closeMs).unref();
  }

  #onError(error: Error): void {
    // A connection that breaks is no news: its member is told to have left.
    if ("code" in error && typeof error.code === "string" && error.code.startsWith("WS_")) {
      this.#context.onTrouble(this, error.code, `${this.title} sent what is no WebSocket frame: ${error.message}`);
    }
  }

  #onClose(): void {
    this.#cut = true;
    this.#outbox.clear();
    this.#relieve();
    this.#leave();
    this.#context.onClosed(this);
  }

  #leave(): void {
    this.#announcements?.[Symbol.dispose]();
    if (this.#identity !== undefined) this.#context.exchange.leave(this.#identity.instance, this);
  }
}
