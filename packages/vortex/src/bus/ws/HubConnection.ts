import { PeekError, toError } from "@peek/errors";
import type { Peer, PeerIdentity, PresenceChange } from "@peek/plugin-base";
import type { Duplex } from "node:stream";
import type { RawData, WebSocket } from "ws";
import type { Exchange, ExchangeMember } from "../Exchange.ts";
import { isObserver, serviceOfInstance } from "../instanceName.ts";
import { maxWaitingBytes } from "../messageLimits.ts";
import type { Credential } from "./Authenticator.ts";
import { LifeSigns } from "./LifeSigns.ts";
import { Outbox } from "./Outbox.ts";
import { eachLine, frameInvalid, helloSchema, LineKind, parseLine, servesSchema, serviceSchema } from "./wire.ts";

/** After so many lines that were not understood, there is no use in listening any longer. */
const maxComplaints = 100;
/** After so many heartbeats in which nothing was heard, it is taken for dead. */
const maxSilentBeats = 2;
/** WebSocket's code for a peer that does not keep to the rules. */
const policyViolation = 1008;

/** What a {@link HubConnection} has to do with its surroundings. */
export interface HubConnectionContext {
  readonly exchange: Exchange;
  readonly heartbeatMs: number;
  /** Called when all lines of a frame have been passed on. */
  readonly onFrame: () => void;
  /** Told of what the one at the other end does wrong, or suffers. */
  readonly onTrouble: (connection: HubConnection, kind: string, message: string) => void;
  readonly onClosed: (connection: HubConnection) => void;
}

/** One connection to the exchange: the member that is at its other end. */
export class HubConnection implements ExchangeMember {
  /** Where it is from. */
  readonly address: string;
  readonly #credential: Credential;
  readonly #context: HubConnectionContext;
  readonly #socket: WebSocket;
  readonly #outbox: Outbox;
  readonly #life: LifeSigns;
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
    context: HubConnectionContext,
  ) {
    this.address = address;
    this.#credential = credential;
    this.#context = context;
    this.#socket = socket;
    this.#life = new LifeSigns(stream);
    this.#outbox = new Outbox(socket, (waitingBytes) => {
      if (waitingBytes > maxWaitingBytes) this.cut(`does not take what is sent to it: ${waitingBytes} bytes wait`);
    });
    socket.on("message", (data, isBinary) => this.#onFrame(data, isBinary));
    socket.on("error", (error) => this.#onError(error));
    socket.on("close", () => this.#onClose());
  }

  /** Its instance's name, or its credential before it has said hello. */
  get title(): string {
    return this.#identity?.instance ?? `${this.#credential.service} with ${this.#credential.title}`;
  }

  receive(from: PeerIdentity, text: string): void {
    if (!this.#cut) this.#outbox.add(`${LineKind.message}${from.instance}\t${text}`);
  }

  presence({ kind, peer }: PresenceChange): void {
    if (this.#cut) return;
    if (kind === "left") this.#outbox.add(LineKind.left + peer.instance);
    else this.#outbox.add((kind === "joined" ? LineKind.joined : LineKind.updated) + peerJson(peer));
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
    const isKnown = this.#identity !== undefined;
    // Without a hello, nothing keeps it.
    const silentBeats = isKnown ? this.#life.beat() : this.#beatsWithoutHello;
    if (!isKnown) this.#beatsWithoutHello += 1;
    if (silentBeats >= maxSilentBeats) {
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

  #end(): void {
    this.#cut = true;
    this.#outbox.clear();
    this.#socket.terminate();
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
      if (exchange.send(identity, to, line.slice(tab + 1))) return;
      if (serviceOfInstance(to) === undefined) throw frameInvalid("a message must be for an instance");
      this.gone(to);
    } else if (line.startsWith(LineKind.watch)) {
      const service = serviceSchema.safeParse(line.slice(1));
      if (!service.success) throw frameInvalid("there is no service of the name that is to be watched");
      const peers = exchange.watch(identity.instance, service.data);
      this.#outbox.add(`${LineKind.peers}${service.data}\t[${peers.map(peerJson).join(",")}]`);
    } else if (line.startsWith(LineKind.serves)) {
      exchange.announce(identity.instance, parseLine(servesSchema, line.slice(1)));
    } else throw frameInvalid("it is of no kind that is known");
  }

  #hello(line: string): void {
    if (!line.startsWith(LineKind.hello)) throw frameInvalid("the first line must be a hello");
    const { service } = this.#credential;
    const { observer, ...said } = parseLine(helloSchema, line.slice(1));
    // What it is follows from its credential; its instance is named by itself, but as one of that service.
    if (serviceOfInstance(said.instance) !== service || isObserver(said.instance) !== observer) {
      throw frameInvalid(`an instance of the ${service} service must be named after it`);
    }
    this.#identity = { service, instance: said.instance };
    this.#outbox.add(LineKind.welcome + JSON.stringify({ heartbeatMs: this.#context.heartbeatMs }));
    this.#context.exchange.join({ service, ...said, address: this.address }, this, observer);
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
    this.#socket.close(policyViolation, code);
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
    if (this.#identity !== undefined) this.#context.exchange.leave(this.#identity.instance, this);
    this.#context.onClosed(this);
  }
}

const peerTexts = new WeakMap<Peer, string>();

/** A peer as JSON, made once for all who are told of it. */
function peerJson(peer: Peer): string {
  const known = peerTexts.get(peer);
  if (known !== undefined) return known;
  const text = JSON.stringify(peer);
  peerTexts.set(peer, text);
  return text;
}
