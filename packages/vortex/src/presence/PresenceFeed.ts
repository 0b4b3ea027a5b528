import type { Peer, PresenceChange } from "@peek/plugin-base";

type Step = IteratorResult<PresenceChange, undefined>;

const done: IteratorReturnResult<undefined> = { done: true, value: undefined };

/**
 * The presence changes for one consumer. It compares the state that the consumer knows with the present state, and keeps no
 * events: a slow consumer skips intermediate states, and memory is bounded by the number of peers.
 */
export class PresenceFeed implements AsyncIterableIterator<PresenceChange, undefined>, Disposable {
  /** The peers that the consumer knows. */
  readonly #delivered = new Map<string, Peer>();
  /** The changes that the consumer does not know yet; undefined: the peer has left. */
  readonly #pending = new Map<string, Peer | undefined>();
  readonly #waiters: ((step: Step) => void)[] = [];
  readonly #onEnd: (() => void)[] = [];
  readonly #self: string | undefined;
  #isOver = false;

  /** @param self The instance of this process. It never leaves, also when it reconnects. */
  constructor(self?: string) {
    this.#self = self;
  }

  /** Calls a listener when the feed has ended; at once when it has. */
  onEnd(listener: () => void): void {
    if (this.#isOver) listener();
    else this.#onEnd.push(listener);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** Sets the present state of a peer; undefined when it has left. */
  set(instance: string, peer: Peer | undefined): void {
    if (this.#isOver) return;
    const delivered = this.#delivered.get(instance);
    // The consumer knows this state already, or never knew of the peer.
    if (peer === undefined ? delivered === undefined : delivered !== undefined && isSame(delivered, peer)) {
      this.#pending.delete(instance);
      return;
    }
    this.#pending.set(instance, peer);
    while (this.#waiters.length > 0) {
      const step = this.#step();
      if (step === undefined) return;
      this.#waiters.shift()?.(step);
    }
  }

  /** Sets the present state of all peers. */
  replace(peers: readonly Peer[]): void {
    const present = new Set(peers.map(({ instance }) => instance));
    for (const instance of [...this.#delivered.keys(), ...this.#pending.keys()]) {
      if (!present.has(instance)) this.set(instance, undefined);
    }
    for (const peer of peers) this.set(peer.instance, peer);
  }

  next(): Promise<Step> {
    const step = this.#step();
    if (step !== undefined) return Promise.resolve(step);
    const { promise, resolve } = Promise.withResolvers<Step>();
    this.#waiters.push(resolve);
    return promise;
  }

  return(): Promise<IteratorReturnResult<undefined>> {
    this[Symbol.dispose]();
    return Promise.resolve(done);
  }

  [Symbol.dispose](): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#delivered.clear();
    this.#pending.clear();
    for (const resolve of this.#waiters.splice(0)) resolve(done);
    for (const listener of this.#onEnd.splice(0)) listener();
  }

  #step(): Step | undefined {
    if (this.#isOver) return done;
    for (const [instance, peer] of this.#pending) {
      this.#pending.delete(instance);
      const change = this.#change(instance, peer);
      if (change !== undefined) return { done: false, value: change };
    }
    return undefined;
  }

  #change(instance: string, peer: Peer | undefined): PresenceChange | undefined {
    const delivered = this.#delivered.get(instance);
    if (delivered !== undefined && peer !== undefined && this.#hasReconnected(delivered, peer)) {
      this.#delivered.delete(instance);
      this.#pending.set(instance, peer);
      return { kind: "left", peer: delivered };
    }
    if (peer !== undefined) {
      this.#delivered.set(instance, peer);
      return { kind: delivered === undefined ? "joined" : "updated", peer };
    }
    this.#delivered.delete(instance);
    return delivered === undefined ? undefined : { kind: "left", peer: delivered };
  }

  /** Whether the peer was gone in between, so that messages to it were lost. */
  #hasReconnected(delivered: Peer, peer: Peer): boolean {
    return delivered.connectedSince !== peer.connectedSince && peer.instance !== this.#self;
  }
}

function isSame(a: Peer, b: Peer): boolean {
  if (a === b) return true;
  return (
    a.version === b.version &&
    a.since === b.since &&
    a.connectedSince === b.connectedSince &&
    a.address === b.address &&
    a.serves.length === b.serves.length &&
    a.serves.every((name, index) => name === b.serves[index])
  );
}
