import type { Peer, PresenceChange, ServiceName } from "@peek/plugin-base";
import { PeerList } from "./PeerList.ts";

const none: readonly Peer[] = [];

/** Who is connected, as a member that is told of it from afar knows it. */
export class PeerRegistry {
  readonly #peers = new Map<ServiceName, PeerList>();
  readonly #names = new Set<string>();
  readonly #tell: (change: PresenceChange) => void;

  /** @param tell Called with each change, after the table has it. */
  constructor(tell: (change: PresenceChange) => void) {
    this.#tell = tell;
  }

  /** Those of a service. The array is never changed, another takes its place. */
  peers(service: ServiceName): readonly Peer[] {
    return this.#peers.get(service)?.all ?? none;
  }

  /** Whether there is an instance of that name. */
  has(instance: string): boolean {
    return this.#names.has(instance);
  }

  /** Adds a peer, or replaces what is known of it. */
  put(peer: Peer): void {
    const list = this.#peers.get(peer.service) ?? new PeerList();
    this.#peers.set(peer.service, list);
    const isNew = list.get(peer.instance) === undefined;
    list.put(peer);
    this.#names.add(peer.instance);
    this.#tell({ kind: isNew ? "joined" : "updated", peer });
  }

  /** Removes a peer, if it is there. */
  remove(service: ServiceName, instance: string): void {
    const list = this.#peers.get(service);
    const peer = list?.get(instance);
    if (list === undefined || peer === undefined) return;
    list.remove(instance);
    this.#names.delete(instance);
    this.#tell({ kind: "left", peer });
  }

  /** Makes the table of a service what it is told to be. */
  replace(service: ServiceName, peers: readonly Peer[]): void {
    const stay = new Set(peers.map((peer) => peer.instance));
    for (const { instance } of this.peers(service)) if (!stay.has(instance)) this.remove(service, instance);
    for (const peer of peers) this.put(peer);
  }

  /** Removes everybody. */
  clear(): void {
    for (const [service, { all }] of this.#peers) for (const { instance } of all) this.remove(service, instance);
  }
}
