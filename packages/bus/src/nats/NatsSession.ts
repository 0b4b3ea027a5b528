import { Buffer } from "node:buffer";
import type { Msg } from "@nats-io/transport-node";
import type { PeerIdentity, ServiceName } from "@peek/plugin-base";
import type { BusMember } from "../Bus.ts";
import { nobody, overloaded } from "../busErrors.ts";
import { exceedsQueueLimit } from "../messageLimits.ts";
import { FlushScheduler } from "../FlushScheduler.ts";
import { type ReassemblyBudgets, NatsPeer } from "./NatsPeer.ts";
import {
  goodbyeFrame,
  holdsMessages,
  isFragment,
  NatsFrame,
  fragmentsOf,
  presenceFrame,
  probeFrame,
} from "./natsFrame.ts";
import type { NatsServerConnection } from "./NatsServerConnection.ts";
import { NatsProber } from "./NatsProber.ts";
import type { NatsPresence } from "./NatsPresence.ts";
import {
  addressIn,
  inboxOf,
  type NatsAddress,
  presenceSubject,
  textsFor,
  textSubject,
  whoSubject,
} from "./natsSubjects.ts";
import type { PresenceRecord } from "./presenceRecord.ts";

/** After so many heartbeats without one of a peer, it is taken for gone. */
const maxSilentBeats = 2.5;
/** How many may be known that are not watched. */
const maxContacts = 10_000;
/** How long the server is waited for when a connection is closed; milliseconds. */
const closeMs = 500;
/** What the server says where nobody gets a message. */
const noResponders = 503;

/** Whom a {@link NatsSession} works for. */
export interface NatsSessionHost {
  readonly member: BusMember;
  readonly heartbeatMs: number;
  readonly roster: NatsPresence;
  /** The contracts that are served here now. */
  serves(): readonly string[];
  receive(from: PeerIdentity, text: string): void;
  gone(instance: string): void;
  /**
   * Something has come that is not what Peek's services send.
   *
   * @param kind What is the same for all of its kind.
   */
  invalid(kind: string, subject: string): void;
}

/** One connection to NATS in use: what is sent, what comes, and who is there. It ends with the connection. */
export class NatsSession {
  readonly #link: NatsServerConnection;
  readonly #host: NatsSessionHost;
  readonly #self: NatsAddress;
  readonly #inbox: string;
  readonly #contacts = new Map<string, NatsPeer>();
  /** By the subject on which its texts come. */
  readonly #senders = new Map<string, NatsPeer>();
  readonly #prober = new NatsProber();
  readonly #held: ReassemblyBudgets = { texts: { bytes: 0 }, records: { bytes: 0 } };
  readonly #decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  readonly #asked = new Set<ServiceName>();
  #waiting: NatsPeer[] = [];
  readonly #turn = new FlushScheduler(() => this.#flushAll());
  #heartbeat: NodeJS.Timeout | undefined;
  #lastBeat = 0;
  #roundTripMs = 0;
  /** How many texts were exchanged. */
  #uses = 0;
  /** What it tells of itself: a {@link PresenceRecord}. */
  #record = Buffer.alloc(0);
  #connectedSince = "";
  #hasBegun = false;

  /** @param self Its connection is this one. */
  constructor(link: NatsServerConnection, self: NatsAddress, host: NatsSessionHost) {
    this.#link = link;
    this.#self = self;
    this.#host = host;
    this.#inbox = inboxOf(self);
  }

  /** Whether nobody is told of this process. */
  get #isObserver(): boolean {
    return this.#host.member.observer === true;
  }

  /** Listens for what is meant for this process, and does what it must be allowed to. */
  listen(): void {
    const { service } = this.#self;
    this.#link.subscribe(`${textsFor(this.#self)}.>`, this.#take);
    this.#link.subscribe(`${this.#inbox}.>`, this.#takeNotice);
    if (!this.#isObserver) this.#link.subscribe(`peek.who.${service}.*.*.*`, this.#takeQuestion);
    this.#link.publish(textSubject(this.#self, this.#self), probeFrame);
    // It is not there yet.
    if (!this.#isObserver) this.#link.publish(presenceSubject(this.#self), "");
  }

  /** Finds out who of the watched services is there. Nobody is told of this process before it knows. */
  async callAll(): Promise<void> {
    const start = performance.now();
    await this.#link.flush();
    this.#roundTripMs = performance.now() - start;
    await Promise.race([
      Promise.all(this.#host.roster.services.map((service) => this.#ask(service))),
      this.#link.ended,
    ]);
  }

  /** The connection is in use from now on. */
  begin(): void {
    const { roster, heartbeatMs } = this.#host;
    this.#hasBegun = true;
    this.#connectedSince = new Date().toISOString();
    for (const service of roster.services) {
      if (this.#asked.has(service)) roster.reveal(service);
      // Watched since the others were asked.
      else void this.watch(service);
    }
    this.announce();
    this.#lastBeat = performance.now();
    this.#heartbeat = setInterval(() => this.#beat(), heartbeatMs);
  }

  /** Follows who of another service is there; settles when that is known. */
  async watch(service: ServiceName): Promise<void> {
    if (service === this.#self.service) this.#putSelf();
    await this.#ask(service);
    if (this.#link.isOpen) this.#host.roster.reveal(service);
  }

  /** Tells others, and the roster, what is served here. */
  announce(): void {
    if (!this.#hasBegun || this.#isObserver) return;
    const record: PresenceRecord = { ...this.#said(), address: this.#link.localAddress };
    this.#record = Buffer.from(JSON.stringify(record));
    this.#tell(presenceSubject(this.#self), this.#record);
    this.#putSelf();
  }

  /** @throws PeekError `VORTEX_NOBODY` or `VORTEX_OVERLOADED` */
  send(to: PeerIdentity, text: string): void {
    const contact = this.#contacts.get(to.instance) ?? this.#reach(to);
    if (contact === undefined) throw nobody(to);
    const { waitingBytes } = this.#link;
    if (exceedsQueueLimit(text, waitingBytes)) throw overloaded(this.#self, waitingBytes);
    this.#use(contact);
    contact.add(text);
    if (this.#turn.begins()) {
      contact.flush();
      return;
    }
    if (contact.isWaiting) return;
    contact.isWaiting = true;
    this.#waiting.push(contact);
  }

  /** The connection has ended. */
  end(): void {
    this.#turn[Symbol.dispose]();
    clearInterval(this.#heartbeat);
    this.#prober[Symbol.dispose]();
    this.#contacts.clear();
    this.#senders.clear();
    this.#waiting = [];
  }

  /** Sends what there is, tells the others that this process goes, and closes the connection. */
  async close(): Promise<void> {
    this.#flushAll();
    for (const contact of this.#contacts.values()) if (contact.isKnown) contact.tell(goodbyeFrame);
    if (this.#hasBegun && !this.#isObserver) this.#link.publish(presenceSubject(this.#self), "");
    this.end();
    const { promise, resolve } = Promise.withResolvers<void>();
    const late = setTimeout(resolve, closeMs);
    await Promise.race([this.#link.flush(), promise]);
    clearTimeout(late);
    await this.#link.close();
  }

  readonly #take = (message: Msg): void => {
    const { subject, data } = message;
    const known = this.#senders.get(subject);
    if (!holdsMessages(data)) {
      this.#takeFrame(subject, data, known);
      return;
    }
    const contact = known ?? this.#meet(subject);
    if (contact !== undefined) this.#deliver(contact, data, subject);
  };

  #takeFrame(subject: string, data: Uint8Array, known: NatsPeer | undefined): void {
    switch (data[0]) {
      case NatsFrame.probe:
        return;
      case NatsFrame.goodbye:
        if (known !== undefined) this.#lose(known.address);
        return;
      case NatsFrame.presence:
        return this.#takeAnswer(data, subject);
      case NatsFrame.firstFragment:
      case NatsFrame.part: {
        const contact = known ?? this.#meet(subject);
        const whole = contact?.parts.add(data);
        if (contact === undefined || whole === undefined || whole === "more") return;
        if (whole === "refused") return this.#giveUp(contact, subject);
        return whole[0] === NatsFrame.presence
          ? this.#takeAnswer(whole, subject)
          : this.#deliver(contact, whole, subject);
      }
      default:
        this.#host.invalid("a message", subject);
    }
  }

  /** Takes what somebody tells of itself who was asked. */
  #takeAnswer(data: Uint8Array, subject: string): void {
    const address = addressIn(subject);
    if (address === undefined) this.#host.invalid("the subject of an answer", subject);
    else this.#hear(address, Buffer.from(data.subarray(1)).toString(), subject);
  }

  /** What is lost is lost to both: each takes the other for gone, and so for another when it is heard of again. */
  #giveUp(contact: NatsPeer, subject: string): void {
    this.#host.invalid("a part of a text", subject);
    contact.tell(goodbyeFrame);
    this.#lose(contact.address);
  }

  #deliver(contact: NatsPeer, data: Uint8Array, subject: string): void {
    let text: string;
    try {
      text = this.#decoder.decode(data);
    } catch {
      this.#host.invalid("a text", subject);
      return;
    }
    this.#use(contact);
    const { identity } = contact;
    let start = 0;
    for (let end = text.indexOf("\n"); end !== -1; end = text.indexOf("\n", start)) {
      this.#host.receive(identity, text.slice(start, end));
      start = end + 1;
    }
    this.#host.receive(identity, start === 0 ? text : text.slice(start));
  }

  readonly #takePresence = (message: Msg): void => {
    const { subject, data } = message;
    const address = addressIn(subject);
    if (address === undefined) {
      this.#host.invalid("the subject of a presence record", subject);
    } else if (data.length === 0) this.#lose(address);
    else if (holdsMessages(data)) this.#hear(address, Buffer.from(data).toString(), subject);
    else if (isFragment(data)) this.#takeRecordPart(address, data, subject);
    else this.#host.invalid("a presence record", subject);
  };

  #takeRecordPart(address: NatsAddress, data: Uint8Array, subject: string): void {
    const known = this.#contacts.get(address.instance);
    const contact = known?.address.connection === address.connection ? known : this.#meet(subject);
    const whole = contact?.records.add(data);
    // Its beginning may have been sent before anybody listened here; it is told again with the next heartbeat.
    if (whole === undefined || whole === "more" || whole === "refused") return;
    this.#hear(address, Buffer.from(whole).toString(), subject);
  }

  #hear(address: NatsAddress, record: string, subject: string): void {
    const { roster } = this.#host;
    if (address.instance === this.#self.instance) {
      roster.answered(address.service);
      return;
    }
    const former = this.#contacts.get(address.instance)?.address ?? roster.find(address);
    if (former !== undefined && former.connection > address.connection) return;
    if (former !== undefined && former.connection < address.connection) this.#lose(former);
    if (!roster.hear(address, record)) this.#host.invalid("a presence record", subject);
  }

  readonly #takeQuestion = (message: Msg): void => {
    const asker = addressIn(message.subject);
    if (asker === undefined) {
      this.#host.invalid("the subject of a question", message.subject);
      return;
    }
    // Its own question is answered always: that is how it learns that nobody else will.
    const isSelf = asker.instance === this.#self.instance;
    if (this.#hasBegun || isSelf) this.#tell(textSubject(asker, this.#self), presenceFrame(this.#record));
  };

  readonly #takeNotice = (message: Msg): void => {
    if (message.headers?.code !== noResponders) return;
    const [kind, service] = message.subject.slice(this.#inbox.length + 1).split(".");
    if (kind === "who") {
      for (const watched of this.#host.roster.services) if (watched === service) this.#host.roster.nobody(watched);
      return;
    }
    const address = addressIn(message.subject);
    if (address !== undefined) this.#lose(address);
  };

  async #ask(service: ServiceName): Promise<void> {
    this.#asked.add(service);
    this.#link.subscribe(`peek.presence.${service}.*.*`, this.#takePresence);
    this.#link.publish(whoSubject(service, this.#self), "", `${this.#inbox}.who.${service}`);
    await this.#host.roster.call(service, this.#roundTripMs);
  }

  #putSelf(): void {
    if (this.#isObserver) return;
    const { service, instance } = this.#self;
    this.#host.roster.put({ service, instance, ...this.#said(), address: "local" });
  }

  /** What it says of itself, but for its address. */
  #said(): Omit<PresenceRecord, "address"> {
    const { version, since } = this.#host.member;
    return { version, since, connectedSince: this.#connectedSince, serves: [...this.#host.serves()].sort() };
  }

  /** Sends something that may be more than a message can hold. */
  #tell(subject: string, data: Uint8Array): void {
    const { maxPayload } = this.#link;
    for (const frame of data.length > maxPayload ? fragmentsOf(data, maxPayload) : [data])
      this.#link.publish(subject, frame);
  }

  /** Somebody to whom nothing was sent yet. */
  #reach(to: PeerIdentity): NatsPeer | undefined {
    const isSelf = to.instance === this.#self.instance;
    const address = isSelf ? this.#self : this.#host.roster.find(to);
    return address === undefined ? undefined : this.#know(address);
  }

  /** Somebody from whom something has come for the first time. */
  #meet(subject: string): NatsPeer | undefined {
    const address = addressIn(subject);
    if (address === undefined) {
      this.#host.invalid("the subject of a text", subject);
      return undefined;
    }
    const former = this.#contacts.get(address.instance)?.address ?? this.#host.roster.find(address);
    if (former !== undefined && former.connection > address.connection) return undefined;
    if (former !== undefined && former.connection < address.connection) this.#lose(former);
    return this.#know(address);
  }

  #use(contact: NatsPeer): void {
    this.#uses += 1;
    contact.lastUse = this.#uses;
    this.#prober.use(contact);
  }

  #know(address: NatsAddress): NatsPeer {
    if (this.#contacts.size >= maxContacts) this.#makeRoom();
    const contact = new NatsPeer(this.#link, this.#self, address, this.#held);
    contact.lastUse = this.#uses;
    this.#contacts.set(address.instance, contact);
    this.#senders.set(contact.inbound, contact);
    return contact;
  }

  /** Forgets whoever nothing was exchanged with for the longest time, of those who are not watched. */
  #makeRoom(): void {
    const { roster } = this.#host;
    let oldest: NatsPeer | undefined;
    for (const contact of this.#contacts.values()) {
      const { address, lastUse } = contact;
      if (oldest !== undefined && oldest.lastUse <= lastUse) continue;
      if (roster.find(address) === undefined && address.instance !== this.#self.instance) oldest = contact;
    }
    if (oldest !== undefined) this.#lose(oldest.address);
  }

  /** Somebody's connection is gone, if that is the one that it was known to have. */
  #lose(address: NatsAddress): void {
    const { roster } = this.#host;
    const contact = this.#contacts.get(address.instance);
    const wasContact = contact !== undefined && contact.address.connection === address.connection;
    const wasWatched = roster.find(address)?.connection === address.connection;
    if (wasContact) {
      this.#contacts.delete(address.instance);
      this.#senders.delete(contact.inbound);
      this.#prober.forget(contact);
      contact.parts.clear();
      contact.records.clear();
    }
    if (wasWatched) roster.remove(address);
    if (wasContact || wasWatched) this.#host.gone(address.instance);
  }

  #flushAll(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const contact of waiting) {
      contact.isWaiting = false;
      contact.flush();
    }
  }

  #beat(): void {
    const { roster, heartbeatMs } = this.#host;
    const now = performance.now();
    if (now - this.#lastBeat > 1.5 * heartbeatMs) roster.forgive();
    this.#lastBeat = now;
    this.#link.beat(heartbeatMs);
    if (!this.#isObserver) this.#tell(presenceSubject(this.#self), this.#record);
    // Whoever is not watched tells nothing by itself.
    for (const contact of this.#contacts.values()) {
      if (!contact.isActive && roster.find(contact.address) === undefined) contact.probe();
    }
    for (const address of roster.silentFor(maxSilentBeats * heartbeatMs)) this.#lose(address);
  }
}
