import type { NatsPeer } from "./NatsPeer.ts";

/** How often active peers are probed. */
const periodMs = 200;
/** How long after its last message a peer stays active. */
const activeMs = 60_000;
/** How many peers are probed at a time. When more are active, each is probed less often. */
const batchSize = 200;

/**
 * Detects within a short time that an active peer is gone: it sends each peer a message now and then for which the NATS server
 * reports a missing receiver. A peer is active when messages were exchanged with it lately.
 */
export class NatsProber implements Disposable {
  readonly #active = new Set<NatsPeer>();
  #timer: NodeJS.Timeout | undefined;
  #round = 0;

  /** Messages were exchanged with a peer. */
  use(peer: NatsPeer): void {
    peer.wasUsed = true;
    if (peer.isActive) return;
    peer.isActive = true;
    peer.hasExchanged = true;
    this.#active.add(peer);
    this.#timer ??= setInterval(() => this.#probe(), periodMs);
  }

  /** Stops probing a peer. */
  forget(peer: NatsPeer): void {
    peer.isActive = false;
    this.#active.delete(peer);
    if (this.#active.size === 0) this[Symbol.dispose]();
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#active.clear();
  }

  #probe(): void {
    const now = performance.now();
    const batches = Math.ceil(this.#active.size / batchSize);
    this.#round += 1;
    let index = this.#round;
    for (const peer of this.#active) {
      if (peer.wasUsed) {
        peer.wasUsed = false;
        peer.usedAt = now;
      } else if (now - peer.usedAt > activeMs) this.forget(peer);
      if (index % batches === 0) peer.probe();
      index += 1;
    }
  }
}
