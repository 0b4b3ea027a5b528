import type { NatsPeer } from "./NatsPeer.ts";
import type { NatsAddress } from "./natsSubjects.ts";

/** How many peers may be known. */
const maxPeers = 10_000;

/** The peers that messages are exchanged with: one address for each instance. */
export class NatsPeers {
  readonly #peers = new Map<string, NatsPeer>();
  /** By the subject of their messages. */
  readonly #bySubject = new Map<string, NatsPeer>();
  /** Counts the uses of all peers. */
  #uses = 0;

  get(instance: string): NatsPeer | undefined {
    return this.#peers.get(instance);
  }

  /** The peer at an address; undefined when the instance is unknown or has another address. */
  at({ instance, connection }: NatsAddress): NatsPeer | undefined {
    const peer = this.#peers.get(instance);
    return peer?.address.connection === connection ? peer : undefined;
  }

  /** The peer whose messages arrive on a subject. */
  bySubject(subject: string): NatsPeer | undefined {
    return this.#bySubject.get(subject);
  }

  all(): IterableIterator<NatsPeer> {
    return this.#peers.values();
  }

  /** Whether another peer can be added only after one is removed. */
  get isFull(): boolean {
    return this.#peers.size >= maxPeers;
  }

  add(peer: NatsPeer): void {
    peer.lastUse = this.#uses;
    this.#peers.set(peer.address.instance, peer);
    this.#bySubject.set(peer.inbound, peer);
  }

  /** Records that messages are exchanged with a peer. */
  use(peer: NatsPeer): void {
    this.#uses += 1;
    peer.lastUse = this.#uses;
  }

  remove(peer: NatsPeer): void {
    this.#peers.delete(peer.address.instance);
    this.#bySubject.delete(peer.inbound);
    peer.messages.clear();
    peer.records.clear();
  }

  /** The least recently used of the peers that may be removed. */
  leastRecentlyUsed(mayRemove: (peer: NatsPeer) => boolean): NatsPeer | undefined {
    let found: NatsPeer | undefined;
    for (const peer of this.#peers.values()) {
      if (found !== undefined && found.lastUse <= peer.lastUse) continue;
      if (mayRemove(peer)) found = peer;
    }
    return found;
  }

  clear(): void {
    this.#peers.clear();
    this.#bySubject.clear();
  }
}
