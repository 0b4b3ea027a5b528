import type { Peer, PresenceChange, ServiceName } from "@peek/plugin-base";
import { PeerRegistry } from "../PeerRegistry.ts";
import type { NatsAddress } from "./natsSubjects.ts";
import { readPresence } from "./presenceRecord.ts";
import { PresenceQuery } from "./PresenceQuery.ts";

/** So many are told of a service. */
const maxEntries = 20_000;

/** One who is there, or was while its service is still being asked. */
interface Entry {
  readonly address: NatsAddress;
  readonly peer: Peer;
  /** What it said of itself; when it says the same again, nothing is to be done. */
  readonly record: string;
  /** When it was last heard of; `performance.now()`. */
  heardAt: number;
}

interface Watched {
  /** Who is there; those that the table has, unless a roll call is on. */
  readonly entries: Map<string, Entry>;
  query: PresenceQuery | undefined;
  /** Settles when those that the roll call has found are in the table. */
  known: PromiseWithResolvers<void> | undefined;
}

/** Who is connected of the services that are watched, by what they say of themselves. */
export class NatsPresence {
  readonly #table: PeerRegistry;
  readonly #watched = new Map<ServiceName, Watched>();

  /** @param tell Called with each change, after {@link peers} has it. */
  constructor(tell: (change: PresenceChange) => void) {
    this.#table = new PeerRegistry(tell);
  }

  /** The services that are watched. */
  get services(): readonly ServiceName[] {
    return [...this.#watched.keys()];
  }

  peers(service: ServiceName): readonly Peer[] {
    return this.#table.peers(service);
  }

  /** Whether the service is watched. */
  watches(service: ServiceName): boolean {
    return this.#watched.has(service);
  }

  /** Begins to watch a service. */
  add(service: ServiceName): void {
    if (!this.#watched.has(service))
      this.#watched.set(service, { entries: new Map(), query: undefined, known: undefined });
  }

  /**
   * Collects who is there of a service, all of whom were just asked. They are in the table when {@link reveal} is called.
   *
   * @returns When no more answers are expected.
   */
  async call(service: ServiceName, roundTripMs: number): Promise<void> {
    const watched = this.#watched.get(service);
    if (watched === undefined) return;
    watched.query ??= new PresenceQuery(roundTripMs);
    watched.known ??= Promise.withResolvers();
    await watched.query.done;
  }

  /** Settles when it is known who is there of a service; at once when that is so, or nobody has been asked. */
  async known(service: ServiceName): Promise<void> {
    await this.#watched.get(service)?.known?.promise;
  }

  /** Somebody of the service has answered who does not count. */
  answered(service: ServiceName): void {
    this.#watched.get(service)?.query?.answered();
  }

  /** There is nobody of the service. */
  nobody(service: ServiceName): void {
    this.#watched.get(service)?.query?.end();
  }

  /** Tells of those that a roll call has found. */
  reveal(service: ServiceName): void {
    const watched = this.#watched.get(service);
    if (watched === undefined) return;
    const peers = [...watched.entries.values()].map(({ peer }) => peer);
    endQuery(watched);
    for (const peer of peers.sort(byArrival)) this.#table.put(peer);
  }

  /**
   * Notes what somebody says of itself.
   *
   * @returns Whether that could be read.
   */
  hear(address: NatsAddress, record: string): boolean {
    const { service, instance } = address;
    const watched = this.#watched.get(service);
    if (watched === undefined) return true;
    const known = watched.entries.get(instance);
    const now = performance.now();
    watched.query?.answered();
    if (known?.record === record && known.address.connection === address.connection) {
      known.heardAt = now;
      return true;
    }
    if (known === undefined && watched.entries.size >= maxEntries) return false;
    const peer = readPresence(address, record);
    if (peer === undefined) return false;
    watched.entries.set(instance, { address, peer, record, heardAt: now });
    if (watched.query === undefined) this.#table.put(peer);
    return true;
  }

  /** This process itself, or what it serves now. */
  put(peer: Peer): void {
    if (this.#watched.has(peer.service)) this.#table.put(peer);
  }

  /** The connection that a watched instance has, as far as is known. */
  find({ service, instance }: { readonly service: ServiceName; readonly instance: string }): NatsAddress | undefined {
    return this.#watched.get(service)?.entries.get(instance)?.address;
  }

  /** Somebody is gone. */
  remove({ service, instance }: NatsAddress): void {
    this.#watched.get(service)?.entries.delete(instance);
    this.#table.remove(service, instance);
  }

  /** Those who have not been heard of for so long. */
  silentFor(ms: number): readonly NatsAddress[] {
    const latest = performance.now() - ms;
    return [...this.#watched.values()].flatMap(({ entries }) =>
      [...entries.values()].filter(({ heardAt }) => heardAt < latest).map(({ address }) => address),
    );
  }

  /** Takes everybody for heard of just now: it was this process that did not listen. */
  forgive(): void {
    const now = performance.now();
    for (const { entries } of this.#watched.values()) for (const entry of entries.values()) entry.heardAt = now;
  }

  /** All have left. */
  clear(): void {
    for (const watched of this.#watched.values()) {
      watched.entries.clear();
      endQuery(watched);
    }
    this.#table.clear();
  }
}

function endQuery(watched: Watched): void {
  watched.query?.end();
  watched.query = undefined;
  watched.known?.resolve();
  watched.known = undefined;
}

function byArrival(one: Peer, other: Peer): number {
  return one.connectedSince < other.connectedSince ? -1 : one.connectedSince > other.connectedSince ? 1 : 0;
}
