import type { Peer, PresenceChange, ServiceName } from "@peek/plugin-base";

/** Who is connected, as a member that is told of it from afar knows it. */
export class PeerTable {
  readonly #peers = new Map<ServiceName, readonly Peer[]>();
  readonly #names = new Set<string>();
  readonly #tell: (change: PresenceChange) => void;

  /** @param tell Called with each change, after the table has it. */
  constructor(tell: (change: PresenceChange) => void) {
    this.#tell = tell;
  }

  /** Those of a service. The array is never changed, another takes its place. */
  peers(service: ServiceName): readonly Peer[] {
    return this.#peers.get(service) ?? [];
  }

  /** Whether there is an instance of that name. */
  has(instance: string): boolean {
    return this.#names.has(instance);
  }

  /** Adds a peer, or replaces what is known of it. */
  put(peer: Peer): void {
    const peers = this.peers(peer.service);
    const index = peers.findIndex((other) => other.instance === peer.instance);
    this.#names.add(peer.instance);
    this.#peers.set(peer.service, index === -1 ? [...peers, peer] : peers.with(index, peer));
    this.#tell({ kind: index === -1 ? "joined" : "updated", peer });
  }

  /** Removes a peer, if it is there. */
  remove(service: ServiceName, instance: string): void {
    const peer = this.peers(service).find((other) => other.instance === instance);
    if (peer === undefined) return;
    this.#names.delete(instance);
    this.#peers.set(
      service,
      this.peers(service).filter((other) => other !== peer),
    );
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
    for (const [service, peers] of this.#peers) for (const { instance } of peers) this.remove(service, instance);
  }
}
