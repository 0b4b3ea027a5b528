import type { Peer, PresenceChange, ServiceName } from "@peek/plugin-base";
import { PeerList } from "./PeerList.ts";

const none: readonly Peer[] = [];

/** The connected peers that a bus knows, by service. It reports each change. */
export class PeerRegistry {
  readonly #peers = new Map<ServiceName, PeerList>();
  readonly #names = new Set<string>();
  readonly #onChange: (change: PresenceChange) => void;

  /** @param onChange Called with each change, after it was made. */
  constructor(onChange: (change: PresenceChange) => void) {
    this.#onChange = onChange;
  }

  /** The instances of a service. The array never changes: another one replaces it. */
  peers(service: ServiceName): readonly Peer[] {
    return this.#peers.get(service)?.all ?? none;
  }

  has(instance: string): boolean {
    return this.#names.has(instance);
  }

  /** Adds a peer, or replaces its description. */
  put(peer: Peer): void {
    const list = this.#peers.get(peer.service) ?? new PeerList();
    this.#peers.set(peer.service, list);
    const isNew = list.get(peer.instance) === undefined;
    list.put(peer);
    this.#names.add(peer.instance);
    this.#onChange({ kind: isNew ? "joined" : "updated", peer });
  }

  /** Removes a peer. Does nothing when it is not there. */
  remove(service: ServiceName, instance: string): void {
    const list = this.#peers.get(service);
    const peer = list?.get(instance);
    if (list === undefined || peer === undefined) return;
    list.remove(instance);
    this.#names.delete(instance);
    this.#onChange({ kind: "left", peer });
  }

  /** Replaces the instances of a service. */
  replace(service: ServiceName, peers: readonly Peer[]): void {
    const present = new Set(peers.map((peer) => peer.instance));
    for (const { instance } of this.peers(service)) if (!present.has(instance)) this.remove(service, instance);
    for (const peer of peers) this.put(peer);
  }

  /** Removes all peers. */
  clear(): void {
    for (const [service, { all }] of this.#peers) for (const { instance } of all) this.remove(service, instance);
  }
}
