import { PeekError } from "@peek/errors";
import type { Peer, PeerIdentity, PresenceChange, ServiceName } from "@peek/plugin-base";
import { PeerList } from "./PeerList.ts";

/** A member of an {@link Exchange}: a connected process. None of its methods may call back into the exchange. */
export interface ExchangeMember {
  /** The holder of the member's credential. Only a member of the same owner can replace one of the same instance name. */
  readonly owner: string;
  /** How many bytes are queued for the member; approximate. */
  readonly waitingBytes: number;
  /** Delivers a message from another member. */
  receive(from: PeerIdentity, message: string): void;
  /** A service that the member watches has changed. */
  presence(change: PresenceChange): void;
  /** An instance that the member exchanged messages with is gone. */
  gone(instance: string): void;
  /** Calls a listener once, when the member's queue has drained to the low-water mark or the member is gone. */
  onceDrained(listener: () => void): void;
  /** Another connection of the same instance has replaced this one, which is to be closed. */
  replaced(): void;
}

/** The description of a member that joins. */
export type NewMember = Omit<Peer, "connectedSince">;

interface MemberEntry {
  readonly member: ExchangeMember;
  readonly observer: boolean;
  peer: Peer;
  // The sets are created on first use: most of thousands of members may be idle.
  watched: Set<ServiceName> | undefined;
  /** The members that it exchanged messages with. They are notified when it leaves. */
  contacts: Set<string> | undefined;
  /** The last receiver of its messages: faster to check than the set. */
  lastReceiver: string | undefined;
}

/**
 * The hub of a star topology: knows the connected members, forwards messages between them, and notifies each member of changes in
 * the services that it watches. It knows nothing of sockets, and is synchronous throughout.
 */
export class Exchange {
  readonly #entries = new Map<string, MemberEntry>();
  readonly #peers = new Map<ServiceName, PeerList>();
  readonly #watchers = new Map<ServiceName, Set<MemberEntry>>();

  /** How many members are connected. */
  get size(): number {
    return this.#entries.size;
  }

  /**
   * Adds a member. It replaces a member of the same instance name: the process has reconnected before its first connection was
   * recognised as dead.
   *
   * @param observer Whether peers are not notified of it.
   * @throws PeekError `FORBIDDEN` when another owner has a member of that name.
   */
  join(newMember: NewMember, member: ExchangeMember, observer: boolean): void {
    const former = this.#entries.get(newMember.instance);
    if (former !== undefined) {
      if (former.member.owner !== member.owner) throw nameTaken(newMember);
      this.leave(newMember.instance, former.member);
      former.member.replaced();
    }
    const peer: Peer = { ...newMember, connectedSince: new Date().toISOString() };
    this.#entries.set(peer.instance, {
      member,
      observer,
      peer,
      watched: undefined,
      contacts: undefined,
      lastReceiver: undefined,
    });
    if (observer) return;
    this.#list(peer.service).put(peer);
    this.#notify({ kind: "joined", peer });
  }

  /** Removes a member. Does nothing when another member has replaced it. */
  leave(instance: string, member: ExchangeMember): void {
    const entry = this.#entries.get(instance);
    if (entry === undefined || entry.member !== member) return;
    this.#entries.delete(instance);
    for (const service of entry.watched ?? []) this.#watchers.get(service)?.delete(entry);
    const { peer } = entry;
    if (!entry.observer) {
      this.#list(peer.service).remove(instance);
      this.#notify({ kind: "left", peer });
    }
    for (const name of entry.contacts ?? []) {
      const contact = this.#entries.get(name);
      if (contact === undefined) continue;
      contact.contacts?.delete(instance);
      if (contact.lastReceiver === instance) contact.lastReceiver = undefined;
      contact.member.gone(instance);
    }
  }

  /** The connected instances of a service, in the order in which they joined. The array never changes. */
  peers(service: ServiceName): readonly Peer[] {
    return this.#list(service).all;
  }

  /** Notifies a member of changes in a service from now on. Returns the service's instances. */
  watch(instance: string, service: ServiceName): readonly Peer[] {
    const entry = this.#entries.get(instance);
    if (entry !== undefined) {
      entry.watched ??= new Set();
      entry.watched.add(service);
      const watchers = this.#watchers.get(service) ?? new Set();
      this.#watchers.set(service, watchers.add(entry));
    }
    return this.peers(service);
  }

  /** Sets the contracts that an instance serves. */
  announce(instance: string, serves: readonly string[]): void {
    const entry = this.#entries.get(instance);
    if (entry === undefined) return;
    entry.peer = { ...entry.peer, serves };
    if (entry.observer) return;
    const { peer } = entry;
    this.#list(peer.service).put(peer);
    this.#notify({ kind: "updated", peer });
  }

  /**
   * Forwards a message.
   *
   * @returns The receiver; undefined when it is not connected.
   */
  send(from: PeerIdentity, to: string, message: string): ExchangeMember | undefined {
    const receiver = this.#entries.get(to);
    if (receiver === undefined) return undefined;
    this.#addContact(from.instance, to, receiver);
    receiver.member.receive(from, message);
    return receiver.member;
  }

  /** How many bytes are queued for an instance; approximate. */
  waitingBytes(instance: string): number {
    return this.#entries.get(instance)?.member.waitingBytes ?? 0;
  }

  #addContact(from: string, to: string, receiver: MemberEntry): void {
    const sender = this.#entries.get(from);
    if (sender === undefined || sender.lastReceiver === to) return;
    sender.lastReceiver = to;
    (sender.contacts ??= new Set()).add(to);
    (receiver.contacts ??= new Set()).add(from);
  }

  #list(service: ServiceName): PeerList {
    const existing = this.#peers.get(service);
    if (existing !== undefined) return existing;
    const list = new PeerList();
    this.#peers.set(service, list);
    return list;
  }

  #notify(change: PresenceChange): void {
    for (const { member } of this.#watchers.get(change.peer.service) ?? []) member.presence(change);
  }
}

function nameTaken({ service, instance }: NewMember): PeekError {
  return new PeekError(
    "FORBIDDEN",
    `${instance} is already connected with another credential of the ${service} service.`,
    { fields: { service, instance } },
  );
}
