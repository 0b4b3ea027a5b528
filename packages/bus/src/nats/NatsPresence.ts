import type { Peer, PresenceChange, ServiceName } from "@peek/plugin-base";
import { PeerRegistry } from "../PeerRegistry.ts";
import type { NatsAddress } from "./natsSubjects.ts";
import { PresenceQuery } from "./PresenceQuery.ts";
import { readPresence } from "./presenceRecord.ts";

/** The most instances of one service. */
const maxEntries = 20_000;

/** A connected instance, or one found by a query that is not finished. */
interface Entry {
  readonly address: NatsAddress;
  readonly peer: Peer;
  /** The record that the instance sent: an equal one needs no work. */
  readonly record: string;
  /** When it last sent a record; `performance.now()`. */
  heardAt: number;
}

interface Watch {
  /** The connected instances. Those in the registry, unless a query is open. */
  readonly entries: Map<string, Entry>;
  query: PresenceQuery | undefined;
  /** Settles when the instances that the query found are in the registry. */
  known: PromiseWithResolvers<void> | undefined;
}

/** The connected instances of the watched services, by the presence records that they send. */
export class NatsPresence {
  readonly #registry: PeerRegistry;
  readonly #watches = new Map<ServiceName, Watch>();

  /** @param onChange Called with each change, after {@link peers} has it. */
  constructor(onChange: (change: PresenceChange) => void) {
    this.#registry = new PeerRegistry(onChange);
  }

  /** The watched services. */
  get services(): readonly ServiceName[] {
    return [...this.#watches.keys()];
  }

  peers(service: ServiceName): readonly Peer[] {
    return this.#registry.peers(service);
  }

  isWatched(service: ServiceName): boolean {
    return this.#watches.has(service);
  }

  watch(service: ServiceName): void {
    if (!this.#watches.has(service))
      this.#watches.set(service, { entries: new Map(), query: undefined, known: undefined });
  }

  /**
   * Collects the answers to a query that was just sent. The found instances are in {@link peers} after {@link publish}.
   *
   * @returns Settles when no more answers are expected.
   */
  async query(service: ServiceName, roundTripMs: number): Promise<void> {
    const watch = this.#watches.get(service);
    if (watch === undefined) return;
    watch.query ??= new PresenceQuery(roundTripMs);
    watch.known ??= Promise.withResolvers();
    await watch.query.done;
  }

  /** Settles when the instances of a service are known; at once while no query is open. */
  async known(service: ServiceName): Promise<void> {
    await this.#watches.get(service)?.known?.promise;
  }

  /** An answer has arrived that adds no instance. */
  answered(service: ServiceName): void {
    this.#watches.get(service)?.query?.answered();
  }

  /** The server reports that the service has no instance. */
  noInstances(service: ServiceName): void {
    this.#watches.get(service)?.query?.end();
  }

  /** Ends the query, and adds the found instances to {@link peers}. */
  publish(service: ServiceName): void {
    const watch = this.#watches.get(service);
    if (watch === undefined) return;
    const peers = [...watch.entries.values()].map(({ peer }) => peer);
    endQuery(watch);
    for (const peer of peers.sort(byConnectionTime)) this.#registry.put(peer);
  }

  /** Handles a presence record. Returns false when it is invalid. */
  onRecord(address: NatsAddress, record: string): boolean {
    const { service, instance } = address;
    const watch = this.#watches.get(service);
    if (watch === undefined) return true;
    const existing = watch.entries.get(instance);
    const now = performance.now();
    watch.query?.answered();
    if (existing?.record === record && existing.address.connection === address.connection) {
      existing.heardAt = now;
      return true;
    }
    if (existing === undefined && watch.entries.size >= maxEntries) return false;
    const peer = readPresence(address, record);
    if (peer === undefined) return false;
    watch.entries.set(instance, { address, peer, record, heardAt: now });
    if (watch.query === undefined) this.#registry.put(peer);
    return true;
  }

  /** Adds this process itself, or updates it. */
  putSelf(peer: Peer): void {
    if (this.#watches.has(peer.service)) this.#registry.put(peer);
  }

  /** The present address of an instance of a watched service. */
  find({ service, instance }: { readonly service: ServiceName; readonly instance: string }): NatsAddress | undefined {
    return this.#watches.get(service)?.entries.get(instance)?.address;
  }

  remove({ service, instance }: NatsAddress): void {
    this.#watches.get(service)?.entries.delete(instance);
    this.#registry.remove(service, instance);
  }

  /** The instances that have sent no record for a time. */
  silentFor(ms: number): readonly NatsAddress[] {
    const limit = performance.now() - ms;
    return [...this.#watches.values()].flatMap(({ entries }) =>
      [...entries.values()].filter(({ heardAt }) => heardAt < limit).map(({ address }) => address),
    );
  }

  /** Restarts the time of {@link silentFor} for all instances: this process itself was suspended. */
  resetSilence(): void {
    const now = performance.now();
    for (const { entries } of this.#watches.values()) for (const entry of entries.values()) entry.heardAt = now;
  }

  /** The connection has ended: all instances leave. The services stay watched. */
  clear(): void {
    for (const watch of this.#watches.values()) {
      watch.entries.clear();
      endQuery(watch);
    }
    this.#registry.clear();
  }
}

function endQuery(watch: Watch): void {
  watch.query?.end();
  watch.query = undefined;
  watch.known?.resolve();
  watch.known = undefined;
}

function byConnectionTime(a: Peer, b: Peer): number {
  return a.connectedSince < b.connectedSince ? -1 : a.connectedSince > b.connectedSince ? 1 : 0;
}
