import { PeekError } from "@peek/errors";
import type { Peer, PeerIdentity, PresenceChange, ServiceName } from "@peek/plugin-base";
import { PeerList } from "./PeerList.ts";

/** Someone who is connected to an {@link Exchange}: how it is told things. None of it may call back into the exchange. */
export interface ExchangeMember {
  /** Whose it is: another of the same name takes its place only if it is of the same owner. */
  readonly owner: string;
  /** How many bytes it has been told and has not taken yet; about. */
  readonly waitingBytes: number;
  /** Takes a text that another has sent. */
  receive(from: PeerIdentity, text: string): void;
  /** Who is connected of a service that it watches has changed. */
  presence(change: PresenceChange): void;
  /** An instance that it had to do with is gone. */
  gone(instance: string): void;
  /** Calls once when it has taken most of what waits for it, or is gone. */
  onceDrained(listener: () => void): void;
  /** Another connection of the same instance has taken its place: it is to be ended. */
  replaced(): void;
}

/** What a new member says of itself, and what is known of it. */
export type Entrant = Omit<Peer, "connectedSince">;

interface Seat {
  readonly member: ExchangeMember;
  readonly observer: boolean;
  peer: Peer;
  // The sets are made when there is something to be in them: most of thousands who are connected may be idle.
  watched: Set<ServiceName> | undefined;
  /** With whom it has exchanged texts: they are told when it is gone. */
  contacts: Set<string> | undefined;
  /** The one that it sent to last; asking that is quicker than asking the set. */
  lastTarget: string | undefined;
}

/**
 * The switch in the middle: knows who is connected, passes texts on, and tells each member who of the services that it
 * watches comes and goes. It knows nothing of sockets; all of it is synchronous.
 */
export class Exchange {
  readonly #seats = new Map<string, Seat>();
  readonly #peers = new Map<ServiceName, PeerList>();
  readonly #watchers = new Map<ServiceName, Set<Seat>>();

  /** How many members there are. */
  get size(): number {
    return this.#seats.size;
  }

  /**
   * Gives a member its place. One with the same name is replaced: the same process has connected again before its first
   * connection was known to be dead.
   *
   * @param observer Whether nobody is to be told of it.
   * @throws PeekError `FORBIDDEN` when one of that name is there that is somebody else's.
   */
  join(entrant: Entrant, member: ExchangeMember, observer: boolean): void {
    const former = this.#seats.get(entrant.instance);
    if (former !== undefined) {
      if (former.member.owner !== member.owner) throw taken(entrant);
      this.leave(entrant.instance, former.member);
      former.member.replaced();
    }
    const peer: Peer = { ...entrant, connectedSince: new Date().toISOString() };
    this.#seats.set(peer.instance, {
      member,
      observer,
      peer,
      watched: undefined,
      contacts: undefined,
      lastTarget: undefined,
    });
    if (observer) return;
    this.#list(peer.service).put(peer);
    this.#tell({ kind: "joined", peer });
  }

  /**
   * Takes a member's place away. Does nothing when another has it by now.
   */
  leave(instance: string, member: ExchangeMember): void {
    const seat = this.#seats.get(instance);
    if (seat === undefined || seat.member !== member) return;
    this.#seats.delete(instance);
    for (const service of seat.watched ?? []) this.#watchers.get(service)?.delete(seat);
    const { peer } = seat;
    if (!seat.observer) {
      this.#list(peer.service).remove(instance);
      this.#tell({ kind: "left", peer });
    }
    for (const name of seat.contacts ?? []) {
      const contact = this.#seats.get(name);
      if (contact === undefined) continue;
      contact.contacts?.delete(instance);
      if (contact.lastTarget === instance) contact.lastTarget = undefined;
      contact.member.gone(instance);
    }
  }

  /** Who of a service is connected, in the order in which they came. The array is never changed. */
  peers(service: ServiceName): readonly Peer[] {
    return this.#list(service).all;
  }

  /** From now on the member is told of changes among those of the service, who are returned. */
  watch(instance: string, service: ServiceName): readonly Peer[] {
    const seat = this.#seats.get(instance);
    if (seat !== undefined) {
      seat.watched ??= new Set();
      seat.watched.add(service);
      const watchers = this.#watchers.get(service) ?? new Set();
      this.#watchers.set(service, watchers.add(seat));
    }
    return this.peers(service);
  }

  /** Tells the others which contracts an instance serves. */
  announce(instance: string, serves: readonly string[]): void {
    const seat = this.#seats.get(instance);
    if (seat === undefined) return;
    seat.peer = { ...seat.peer, serves };
    if (seat.observer) return;
    const { peer } = seat;
    this.#list(peer.service).put(peer);
    this.#tell({ kind: "updated", peer });
  }

  /**
   * Passes a text on.
   *
   * @returns Who was there to be passed it; undefined when there was nobody.
   */
  send(from: PeerIdentity, to: string, text: string): ExchangeMember | undefined {
    const target = this.#seats.get(to);
    if (target === undefined) return undefined;
    this.#remember(from.instance, to, target);
    target.member.receive(from, text);
    return target.member;
  }

  /** How many bytes an instance has been told and has not taken yet; about. */
  waitingBytes(instance: string): number {
    return this.#seats.get(instance)?.member.waitingBytes ?? 0;
  }

  #remember(from: string, to: string, target: Seat): void {
    const sender = this.#seats.get(from);
    if (sender === undefined || sender.lastTarget === to) return;
    sender.lastTarget = to;
    (sender.contacts ??= new Set()).add(to);
    (target.contacts ??= new Set()).add(from);
  }

  #list(service: ServiceName): PeerList {
    const known = this.#peers.get(service);
    if (known !== undefined) return known;
    const list = new PeerList();
    this.#peers.set(service, list);
    return list;
  }

  #tell(change: PresenceChange): void {
    for (const seat of this.#watchers.get(change.peer.service) ?? []) seat.member.presence(change);
  }
}

function taken({ service, instance }: Entrant): PeekError {
  return new PeekError(
    "FORBIDDEN",
    `${instance} is connected already, with another credential of the ${service} service.`,
    { fields: { service, instance } },
  );
}
