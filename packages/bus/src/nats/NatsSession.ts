import { Buffer } from "node:buffer";
import type { Msg } from "@nats-io/transport-node";
import type { PeerIdentity, ServiceName } from "@peek/plugin-base";
import { notConnected, overloaded } from "../busErrors.ts";
import { FlushScheduler } from "../FlushScheduler.ts";
import { exceedsQueueLimit } from "../messageLimits.ts";
import { type AnnouncedProcess, NatsAnnouncer } from "./NatsAnnouncer.ts";
import { goodbyeFrame, holdsMessages, isFragment, NatsFrame, probeFrame } from "./natsFrames.ts";
import { NatsPeer, type ReassemblyBudgets } from "./NatsPeer.ts";
import { NatsPeers } from "./NatsPeers.ts";
import { NatsProber } from "./NatsProber.ts";
import type { NatsServerConnection } from "./NatsServerConnection.ts";
import {
  addressIn,
  inboxOf,
  messageSubject,
  messagesTo,
  type NatsAddress,
  presenceQuerySubject,
} from "./natsSubjects.ts";

/** After how many heartbeats without a record a peer is considered gone. */
const maxSilentBeats = 2.5;
/** How long to wait for the server when a session closes. */
const closeMs = 500;
/** The status code of the server for a message without a receiver. */
const noResponders = 503;

/** The owner of a {@link NatsSession}. */
export interface NatsSessionOwner extends AnnouncedProcess {
  readonly heartbeatMs: number;
  /** Delivers a message. */
  receive(from: PeerIdentity, message: string): void;
  /** An instance is gone. */
  gone(instance: string): void;
  /**
   * Reports data that violates the protocol.
   *
   * @param title Names the data: `a presence record`.
   */
  invalid(title: string, subject: string): void;
}

/** The protocol of the bus over one connection to a NATS server. It ends with the connection. */
export class NatsSession {
  readonly #connection: NatsServerConnection;
  readonly #owner: NatsSessionOwner;
  readonly #self: NatsAddress;
  readonly #inbox: string;
  readonly #announcer: NatsAnnouncer;
  readonly #peers = new NatsPeers();
  readonly #prober = new NatsProber();
  readonly #budgets: ReassemblyBudgets = { messages: { bytes: 0 }, records: { bytes: 0 } };
  readonly #decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  readonly #queried = new Set<ServiceName>();
  #flushQueue: NatsPeer[] = [];
  readonly #scheduler = new FlushScheduler(() => this.#flushAll());
  #heartbeat: NodeJS.Timeout | undefined;
  #lastBeat = 0;
  #roundTripMs = 0;

  /** @param self This process, with the present connection. */
  constructor(connection: NatsServerConnection, self: NatsAddress, owner: NatsSessionOwner) {
    this.#connection = connection;
    this.#self = self;
    this.#owner = owner;
    this.#inbox = inboxOf(self);
    this.#announcer = new NatsAnnouncer(connection, self, owner);
  }

  /** Subscribes to all subjects of this process, and tries all operations that it needs a permission for. */
  listen(): void {
    this.#connection.subscribe(`${messagesTo(this.#self)}.>`, this.#onMessage);
    this.#connection.subscribe(`${this.#inbox}.>`, this.#onStatus);
    this.#connection.publish(messageSubject(this.#self, this.#self), probeFrame);
    this.#announcer.listen((subject) => this.#owner.invalid("the subject of a presence query", subject));
  }

  /** Queries the instances of all watched services. Peers are not notified of this process before. */
  async queryAll(): Promise<void> {
    const startedAt = performance.now();
    await this.#connection.flush();
    this.#roundTripMs = performance.now() - startedAt;
    await Promise.race([
      Promise.all(this.#owner.presence.services.map((service) => this.#query(service))),
      this.#connection.ended,
    ]);
  }

  /** Joins: the connection is in use from now on. */
  begin(): void {
    const { presence, heartbeatMs } = this.#owner;
    this.#announcer.join();
    for (const service of presence.services) {
      if (this.#queried.has(service)) presence.publish(service);
      // The service is watched since after the query.
      else void this.watch(service);
    }
    this.announce();
    this.#lastBeat = performance.now();
    this.#heartbeat = setInterval(() => this.#beat(), heartbeatMs);
  }

  /** Watches another service. Settles when its instances are known. */
  async watch(service: ServiceName): Promise<void> {
    if (service === this.#self.service) this.#announcer.putSelf();
    await this.#query(service);
    if (this.#connection.isOpen) this.#owner.presence.publish(service);
  }

  /** Sends the present record to all peers. */
  announce(): void {
    this.#announcer.announce();
  }

  /** @throws PeekError `VORTEX_NOBODY` or `VORTEX_OVERLOADED` */
  send(to: PeerIdentity, message: string): void {
    const peer = this.#peers.get(to.instance) ?? this.#addReceiver(to);
    if (peer === undefined) throw notConnected(to);
    const { waitingBytes } = this.#connection;
    if (exceedsQueueLimit(message, waitingBytes)) throw overloaded(this.#self, waitingBytes);
    this.#use(peer);
    peer.add(message);
    if (this.#scheduler.request()) {
      peer.flush();
      return;
    }
    if (peer.isFlushQueued) return;
    peer.isFlushQueued = true;
    this.#flushQueue.push(peer);
  }

  /** The connection has ended. */
  end(): void {
    this.#scheduler[Symbol.dispose]();
    clearInterval(this.#heartbeat);
    this.#prober[Symbol.dispose]();
    this.#peers.clear();
    this.#flushQueue = [];
  }

  /** Sends queued messages, notifies the peers that this process leaves, and closes the connection. */
  async close(): Promise<void> {
    this.#flushAll();
    for (const peer of this.#peers.all()) if (peer.hasExchanged) peer.sendControl(goodbyeFrame);
    this.#announcer.leave();
    this.end();
    const { promise, resolve } = Promise.withResolvers<void>();
    const timeout = setTimeout(resolve, closeMs);
    await Promise.race([this.#connection.flush(), promise]);
    clearTimeout(timeout);
    await this.#connection.close();
  }

  readonly #onMessage = (message: Msg): void => {
    const { subject, data } = message;
    const known = this.#peers.bySubject(subject);
    if (!holdsMessages(data)) {
      this.#onControlFrame(subject, data, known);
      return;
    }
    const peer = known ?? this.#addSender(subject);
    if (peer !== undefined) this.#deliver(peer, data, subject);
  };

  #onControlFrame(subject: string, data: Uint8Array, known: NatsPeer | undefined): void {
    switch (data[0]) {
      case NatsFrame.probe:
        return;
      case NatsFrame.goodbye:
        if (known !== undefined) this.#remove(known.address);
        return;
      case NatsFrame.presence:
        return this.#onAnswer(data, subject);
      case NatsFrame.firstFragment:
      case NatsFrame.fragment: {
        const peer = known ?? this.#addSender(subject);
        const whole = peer?.messages.add(data);
        if (peer === undefined || whole === undefined || whole === "more") return;
        if (whole === "refused") return this.#dropPeer(peer, subject);
        return whole[0] === NatsFrame.presence ? this.#onAnswer(whole, subject) : this.#deliver(peer, whole, subject);
      }
      default:
        this.#owner.invalid("a message", subject);
    }
  }

  /** Handles the answer to a presence query. */
  #onAnswer(data: Uint8Array, subject: string): void {
    const address = addressIn(subject);
    if (address === undefined) this.#owner.invalid("the subject of an answer", subject);
    else this.#onRecord(address, Buffer.from(data.subarray(1)).toString(), subject);
  }

  /** A message was lost: both sides consider each other gone, so that neither waits for an answer. */
  #dropPeer(peer: NatsPeer, subject: string): void {
    this.#owner.invalid("a fragment of a message", subject);
    peer.sendControl(goodbyeFrame);
    this.#remove(peer.address);
  }

  #deliver(peer: NatsPeer, data: Uint8Array, subject: string): void {
    let messages: string;
    try {
      messages = this.#decoder.decode(data);
    } catch {
      this.#owner.invalid("a message", subject);
      return;
    }
    this.#use(peer);
    const { identity } = peer;
    let start = 0;
    for (let end = messages.indexOf("\n"); end !== -1; end = messages.indexOf("\n", start)) {
      this.#owner.receive(identity, messages.slice(start, end));
      start = end + 1;
    }
    this.#owner.receive(identity, start === 0 ? messages : messages.slice(start));
  }

  readonly #onPresence = (message: Msg): void => {
    const { subject, data } = message;
    const address = addressIn(subject);
    if (address === undefined) {
      this.#owner.invalid("the subject of a presence record", subject);
    } else if (data.length === 0) this.#remove(address);
    else if (holdsMessages(data)) this.#onRecord(address, Buffer.from(data).toString(), subject);
    else if (isFragment(data)) this.#onRecordFragment(address, data, subject);
    else this.#owner.invalid("a presence record", subject);
  };

  #onRecordFragment(address: NatsAddress, data: Uint8Array, subject: string): void {
    const whole = (this.#peers.at(address) ?? this.#addSender(subject))?.records.add(data);
    // The first fragment may have been sent before this process subscribed; the next heartbeat repeats the record.
    if (whole === undefined || whole === "more" || whole === "refused") return;
    this.#onRecord(address, Buffer.from(whole).toString(), subject);
  }

  #onRecord(address: NatsAddress, record: string, subject: string): void {
    const { presence } = this.#owner;
    if (address.instance === this.#self.instance) {
      presence.answered(address.service);
      return;
    }
    if (this.#isOutdated(address)) return;
    if (!presence.onRecord(address, record)) this.#owner.invalid("a presence record", subject);
  }

  readonly #onStatus = (message: Msg): void => {
    if (message.headers?.code !== noResponders) return;
    const { presence } = this.#owner;
    const [kind, service] = message.subject.slice(this.#inbox.length + 1).split(".");
    if (kind === "who") {
      for (const watched of presence.services) if (watched === service) presence.noInstances(watched);
      return;
    }
    const address = addressIn(message.subject);
    if (address !== undefined) this.#remove(address);
  };

  async #query(service: ServiceName): Promise<void> {
    this.#queried.add(service);
    this.#connection.subscribe(`peek.presence.${service}.*.*`, this.#onPresence);
    this.#connection.publish(presenceQuerySubject(service, this.#self), "", `${this.#inbox}.who.${service}`);
    await this.#owner.presence.query(service, this.#roundTripMs);
  }

  /** Adds a peer that a first message is sent to. */
  #addReceiver(to: PeerIdentity): NatsPeer | undefined {
    const isSelf = to.instance === this.#self.instance;
    const address = isSelf ? this.#self : this.#owner.presence.find(to);
    return address === undefined ? undefined : this.#add(address);
  }

  /** Adds a peer that a first message was received from. */
  #addSender(subject: string): NatsPeer | undefined {
    const address = addressIn(subject);
    if (address === undefined) {
      this.#owner.invalid("the subject of a message", subject);
      return undefined;
    }
    return this.#isOutdated(address) ? undefined : this.#add(address);
  }

  /** Whether a newer connection of the instance is known. If an older one is known instead, it is removed. */
  #isOutdated(address: NatsAddress): boolean {
    const known = this.#peers.get(address.instance)?.address ?? this.#owner.presence.find(address);
    if (known === undefined) return false;
    if (known.connection < address.connection) this.#remove(known);
    return known.connection > address.connection;
  }

  #use(peer: NatsPeer): void {
    this.#peers.use(peer);
    this.#prober.use(peer);
  }

  #add(address: NatsAddress): NatsPeer {
    if (this.#peers.isFull) this.#evict();
    const peer = new NatsPeer(this.#connection, this.#self, address, this.#budgets);
    this.#peers.add(peer);
    return peer;
  }

  /** Removes the least recently used peer among those of services that are not watched. */
  #evict(): void {
    const { presence } = this.#owner;
    const evicted = this.#peers.leastRecentlyUsed(
      ({ address }) => presence.find(address) === undefined && address.instance !== this.#self.instance,
    );
    if (evicted !== undefined) this.#remove(evicted.address);
  }

  /** A connection of a peer is gone. Does nothing when another connection of the peer is known. */
  #remove(address: NatsAddress): void {
    const { presence } = this.#owner;
    const peer = this.#peers.at(address);
    const wasPresent = presence.find(address)?.connection === address.connection;
    if (peer !== undefined) {
      this.#peers.remove(peer);
      this.#prober.forget(peer);
    }
    if (wasPresent) presence.remove(address);
    if (peer !== undefined || wasPresent) this.#owner.gone(address.instance);
  }

  #flushAll(): void {
    const queue = this.#flushQueue;
    this.#flushQueue = [];
    for (const peer of queue) {
      peer.isFlushQueued = false;
      peer.flush();
    }
  }

  #beat(): void {
    const { presence, heartbeatMs } = this.#owner;
    const now = performance.now();
    if (now - this.#lastBeat > 1.5 * heartbeatMs) presence.resetSilence();
    this.#lastBeat = now;
    this.#connection.beat(heartbeatMs);
    this.#announcer.repeat();
    // A peer of a service that is not watched sends no records here: probes detect its end.
    for (const peer of this.#peers.all()) {
      if (!peer.isActive && presence.find(peer.address) === undefined) peer.probe();
    }
    for (const address of presence.silentFor(maxSilentBeats * heartbeatMs)) this.#remove(address);
  }
}
