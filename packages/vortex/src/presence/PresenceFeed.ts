import type { Peer, PresenceChange } from "@peek/plugin-base";

type Step = IteratorResult<PresenceChange, undefined>;

const over: IteratorReturnResult<undefined> = { done: true, value: undefined };

/**
 * Tells one consumer who comes and goes. What it was told and what is so are kept, not the events between: one that is slow
 * sees what has changed on the whole, and costs no more than there are peers.
 */
export class PresenceFeed implements AsyncIterableIterator<PresenceChange, undefined>, Disposable {
  /** What the consumer knows. */
  readonly #told = new Map<string, Peer>();
  /** What it is to know besides; undefined: that the peer has left. */
  readonly #untold = new Map<string, Peer | undefined>();
  readonly #waiters: ((step: Step) => void)[] = [];
  readonly #onEnd: (() => void)[] = [];
  readonly #self: string | undefined;
  #isOver = false;

  /** @param self The instance of this process: always there, also when it has connected anew. */
  constructor(self?: string) {
    this.#self = self;
  }

  /** Calls when nothing more is to be told; at once when that is so already. */
  onEnd(listener: () => void): void {
    if (this.#isOver) listener();
    else this.#onEnd.push(listener);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** What is so of a peer now; undefined when it has left. */
  set(instance: string, peer: Peer | undefined): void {
    if (this.#isOver) return;
    const told = this.#told.get(instance);
    // What it knows already, or never knew, need not be told.
    if (peer === undefined ? told === undefined : told !== undefined && isSame(told, peer)) {
      this.#untold.delete(instance);
      return;
    }
    this.#untold.set(instance, peer);
    while (this.#waiters.length > 0) {
      const step = this.#step();
      if (step === undefined) return;
      this.#waiters.shift()?.(step);
    }
  }

  /** What is so of all peers now. */
  replace(peers: readonly Peer[]): void {
    const stay = new Set(peers.map(({ instance }) => instance));
    for (const instance of [...this.#told.keys(), ...this.#untold.keys()]) {
      if (!stay.has(instance)) this.set(instance, undefined);
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
    return Promise.resolve(over);
  }

  [Symbol.dispose](): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#told.clear();
    this.#untold.clear();
    for (const tell of this.#waiters.splice(0)) tell(over);
    for (const tell of this.#onEnd.splice(0)) tell();
  }

  #step(): Step | undefined {
    if (this.#isOver) return over;
    for (const [instance, peer] of this.#untold) {
      this.#untold.delete(instance);
      const change = this.#change(instance, peer);
      if (change !== undefined) return { done: false, value: change };
    }
    return undefined;
  }

  #change(instance: string, peer: Peer | undefined): PresenceChange | undefined {
    const told = this.#told.get(instance);
    if (told !== undefined && peer !== undefined && this.#isAnew(told, peer)) {
      this.#told.delete(instance);
      this.#untold.set(instance, peer);
      return { kind: "left", peer: told };
    }
    if (peer !== undefined) {
      this.#told.set(instance, peer);
      return { kind: told === undefined ? "joined" : "updated", peer };
    }
    this.#told.delete(instance);
    return told === undefined ? undefined : { kind: "left", peer: told };
  }

  /** Whether it was gone between: what was under way to it was lost. */
  #isAnew(told: Peer, peer: Peer): boolean {
    return told.connectedSince !== peer.connectedSince && peer.instance !== this.#self;
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
