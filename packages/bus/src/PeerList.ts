import type { Peer } from "@peek/plugin-base";

/** The connected instances of one service, in the order in which they connected. */
export class PeerList {
  readonly #peers = new Map<string, Peer>();
  #snapshot: readonly Peer[] | undefined;

  /** All instances. The array never changes: after a change, there is another one. */
  get all(): readonly Peer[] {
    // Created on demand: thousands of instances may join before anybody asks.
    this.#snapshot ??= [...this.#peers.values()];
    return this.#snapshot;
  }

  get(instance: string): Peer | undefined {
    return this.#peers.get(instance);
  }

  /** Adds an instance at the end, or replaces its description. */
  put(peer: Peer): void {
    this.#peers.set(peer.instance, peer);
    this.#snapshot = undefined;
  }

  remove(instance: string): void {
    if (this.#peers.delete(instance)) this.#snapshot = undefined;
  }
}
