import type { Peer, PluginPresence, PluginRpc } from "@peek/plugin-base";
import { CancellableDelay, Listeners } from "@peek/kit";
import type { Staleness } from "@peek/live-protocol";
import { ObservablesRpc } from "../../rpc/ObservablesRpc.ts";
import { staleMs } from "../../channel/staleMs.ts";

/** How often logic is asked whether it is there; milliseconds. */
const askMs = 1000;
/** The least time from an answer to the next question; milliseconds. */
const minPauseMs = 50;
/** How long an answer is waited for, before it is asked again; milliseconds. */
const answerMs = 10_000;
/** How often it is looked at how old the answers are; milliseconds. */
const lookMs = 500;

/** For people. */
export const logicNotReached = "The service does not reach logic";

/** What an {@link UpstreamWatch} works with. */
export interface UpstreamWatchOptions {
  /** Both of `peek_core_platform`. */
  readonly rpc: PluginRpc;
  readonly presence: PluginPresence;
}

/** A logic service that serves observables. */
class Upstream implements AsyncDisposable {
  /** When it was asked what it answered the last time. */
  knownAt = performance.now();
  readonly #closing = new AbortController();
  readonly #pause = new CancellableDelay();
  readonly #asking: Promise<void>;

  /** @param onAnswer Called with each answer. */
  constructor(rpc: PluginRpc, peer: Peer, onAnswer: () => void) {
    this.#asking = this.#ask(rpc, peer, onAnswer);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    this.#pause.end();
    await this.#asking;
  }

  /** Never rejects. */
  async #ask(rpc: PluginRpc, peer: Peer, onAnswer: () => void): Promise<void> {
    const { signal } = this.#closing;
    const client = rpc.client(ObservablesRpc, { to: peer });
    while (!signal.aborted) {
      const askedAt = performance.now();
      try {
        await client.alive(undefined, { deadlineMs: answerMs, signal });
        this.knownAt = askedAt;
        onAnswer();
      } catch {
        // Whoever does not answer is known by that alone.
      }
      // After a late answer, which is an old one, at once.
      const leftMs = askedAt + askMs - performance.now();
      if (!signal.aborted) await this.#pause.wait(Math.max(minPauseMs, leftMs));
    }
  }
}

/**
 * Whether it is known how things are on logic. That a connection stands says little: each logic service is asked now and then, and
 * what it has told before its answer came is how things were when it was asked.
 */
export class UpstreamWatch implements AsyncDisposable {
  readonly #rpc: PluginRpc;
  readonly #serving = new Map<string, Upstream>();
  readonly #changed = new Listeners<void>();
  readonly #reached = new Listeners<void>();
  readonly #closing = new AbortController();
  readonly #watched: Promise<void>;
  readonly #looking: NodeJS.Timeout;
  readonly #ended = new Set<Promise<void>>();
  /** Until when things were known, from those that are gone. */
  #knownAt = performance.now();
  #staleness: Staleness | undefined = { at: this.#knownAt, reason: logicNotReached };

  constructor({ rpc, presence }: UpstreamWatchOptions) {
    this.#rpc = rpc;
    this.#watched = this.#watch(presence);
    this.#looking = setInterval(() => this.#look(), lookMs).unref();
  }

  /** Whether there is one. */
  get isReached(): boolean {
    return this.#serving.size > 0;
  }

  /** Until when what was told was how things are; by `performance.now()`. */
  get knownAt(): number {
    if (this.#serving.size === 0) return this.#knownAt;
    // Which of several a channel is followed on is not known.
    return Math.min(...this.#serving.values().map(({ knownAt }) => knownAt));
  }

  /** Set while it is not known how things are: by the clock, also when nothing could be looked at for a while. */
  get staleness(): Staleness | undefined {
    this.#look();
    return this.#staleness;
  }

  /** Calls when {@link staleness} has begun, or has ended. */
  onChange(listener: () => void): Disposable {
    return this.#changed.add(listener);
  }

  /** Calls when a logic service is reached, and none was before. */
  onReached(listener: () => void): Disposable {
    return this.#reached.add(listener);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#changed.clear();
    this.#reached.clear();
    clearInterval(this.#looking);
    this.#closing.abort();
    await this.#watched;
    for (const instance of this.#serving.keys()) this.#end(instance);
    await Promise.all(this.#ended);
  }

  async #watch(presence: PluginPresence): Promise<void> {
    for await (const { kind, peer } of presence.changes({ service: "logic", signal: this.#closing.signal })) {
      const wasReached = this.isReached;
      const serves = kind !== "left" && peer.serves.includes(ObservablesRpc.name);
      if (!serves) this.#end(peer.instance);
      else if (!this.#serving.has(peer.instance)) {
        this.#serving.set(peer.instance, new Upstream(this.#rpc, peer, () => this.#look()));
      }
      if (this.isReached && !wasReached) this.#reached.tell();
      this.#look();
    }
  }

  #end(instance: string): void {
    const upstream = this.#serving.get(instance);
    if (upstream === undefined) return;
    this.#knownAt = upstream.knownAt;
    this.#serving.delete(instance);
    const ended = upstream[Symbol.asyncDispose]();
    this.#ended.add(ended);
    void ended.finally(() => this.#ended.delete(ended));
  }

  #look(): void {
    const before = this.#staleness;
    const at = this.knownAt;
    let reason: string | undefined;
    if (!this.isReached) reason = logicNotReached;
    else if (performance.now() - at > staleMs) reason = "Logic does not answer";
    if (before?.reason === reason) return;
    this.#staleness = reason === undefined ? undefined : { at: Math.min(at, before?.at ?? at), reason };
    this.#changed.tell();
  }
}
