import type { Peer } from "@peek/plugin-base";

/** Those who are connected of one service, in the order in which they came. */
export class PeerList {
  readonly #peers = new Map<string, Peer>();
  #snapshot: readonly Peer[] | undefined;

  /** All of them. The array is never changed; after a change, there is another. */
  get all(): readonly Peer[] {
    // Made when somebody looks: thousands may come before that.
    this.#snapshot ??= [...this.#peers.values()];
    return this.#snapshot;
  }

  get(instance: string): Peer | undefined {
    return this.#peers.get(instance);
  }

  /** Adds one at the end, or replaces what is known of it. */
  put(peer: Peer): void {
    this.#peers.set(peer.instance, peer);
    this.#snapshot = undefined;
  }

  remove(instance: string): void {
    if (this.#peers.delete(instance)) this.#snapshot = undefined;
  }
}
