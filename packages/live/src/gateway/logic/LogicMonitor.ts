import type { Peer, PluginPresence, PluginRpc } from "@peek/plugin-base";
import { CancellableDelay, Listeners } from "@peek/kit";
import type { Staleness } from "@peek/live-protocol";
import { staleMs } from "../../channel/staleMs.ts";
import { ObservablesRpc } from "../../rpc/ObservablesRpc.ts";

/** The time from one probe to the next. */
const probeMs = 1000;
/** The least time from an answer to the next probe. */
const minPauseMs = 50;
/** How long an answer is awaited. */
const probeDeadlineMs = 10_000;
/** How often the age of the answers is checked. */
const checkMs = 500;

/** For people. */
export const logicNotReached = "The service does not reach logic";

/** Options of a {@link LogicMonitor}. */
export interface LogicMonitorOptions {
  /** In the name of the platform itself, `peek_core_platform`. */
  readonly rpc: PluginRpc;
  /** In the name of the platform itself, `peek_core_platform`. */
  readonly presence: PluginPresence;
}

/** Probes one logic service. */
class LogicProbe implements AsyncDisposable {
  /** When the last probe that was answered was sent. */
  knownAt = performance.now();
  readonly #closing = new AbortController();
  readonly #delay = new CancellableDelay();
  readonly #running: Promise<void>;

  /** @param onAnswer Called with each answer. */
  constructor(rpc: PluginRpc, peer: Peer, onAnswer: () => void) {
    this.#running = this.#run(rpc, peer, onAnswer);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    this.#delay.end();
    await this.#running;
  }

  /** Never rejects. */
  async #run(rpc: PluginRpc, peer: Peer, onAnswer: () => void): Promise<void> {
    const { signal } = this.#closing;
    const client = rpc.client(ObservablesRpc, { to: peer });
    while (!signal.aborted) {
      const sentAt = performance.now();
      try {
        await client.alive(undefined, { deadlineMs: probeDeadlineMs, signal });
        this.knownAt = sentAt;
        onAnswer();
      } catch {
        // That there is no answer is known by the time of the last one.
      }
      // After a late answer, which is an old one, at once.
      const leftMs = sentAt + probeMs - performance.now();
      if (!signal.aborted) await this.#delay.wait(Math.max(minPauseMs, leftMs));
    }
  }
}

/**
 * Judges how current everything is that logic has sent. A standing connection proves little: each logic service is probed, and all
 * that it has sent before its answer was current when the probe was sent.
 */
export class LogicMonitor implements AsyncDisposable {
  readonly #rpc: PluginRpc;
  readonly #probes = new Map<string, LogicProbe>();
  readonly #changed = new Listeners<void>();
  readonly #reached = new Listeners<void>();
  readonly #closing = new AbortController();
  readonly #watching: Promise<void>;
  readonly #checking: NodeJS.Timeout;
  readonly #ending = new Set<Promise<void>>();
  /** Until when everything was current that services sent which have gone. */
  #knownAt = performance.now();
  readonly #knownInstances = new Set<string>();
  #staleness: Staleness | undefined = { at: this.#knownAt, reason: logicNotReached };

  constructor({ rpc, presence }: LogicMonitorOptions) {
    this.#rpc = rpc;
    this.#watching = this.#watch(presence);
    this.#checking = setInterval(() => this.#check(), checkMs).unref();
  }

  /** Whether a logic service is connected. */
  get isReached(): boolean {
    return this.#probes.size > 0;
  }

  /** Until when everything that logic has sent was current; by `performance.now()`. */
  get knownAt(): number {
    if (this.#probes.size === 0) return this.#knownAt;
    // Which of several services has sent a channel is not known.
    return Math.min(...this.#probes.values().map(({ knownAt }) => knownAt));
  }

  /**
   * How many logic services have been reached, each counted once however often it was lost. While it stays the same, logic knows the
   * positions that it has sent.
   */
  get generation(): number {
    return this.#knownInstances.size;
  }

  /** Set while it is not known how current anything is: by the clock, also when the check is late. */
  get staleness(): Staleness | undefined {
    this.#check();
    return this.#staleness;
  }

  /** Calls the listener when {@link staleness} has begun, or has ended. */
  onChange(listener: () => void): Disposable {
    return this.#changed.add(listener);
  }

  /** Calls the listener when a logic service is connected, and none was before. */
  onReached(listener: () => void): Disposable {
    return this.#reached.add(listener);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#changed.clear();
    this.#reached.clear();
    clearInterval(this.#checking);
    this.#closing.abort();
    await this.#watching;
    for (const instance of this.#probes.keys()) this.#end(instance);
    await Promise.all(this.#ending);
  }

  async #watch(presence: PluginPresence): Promise<void> {
    for await (const { kind, peer } of presence.changes({ service: "logic", signal: this.#closing.signal })) {
      const wasReached = this.isReached;
      const isServing = kind !== "left" && peer.serves.includes(ObservablesRpc.name);
      if (!isServing) this.#end(peer.instance);
      else if (!this.#probes.has(peer.instance)) {
        this.#knownInstances.add(peer.instance);
        this.#probes.set(peer.instance, new LogicProbe(this.#rpc, peer, () => this.#check()));
      }
      if (this.isReached && !wasReached) this.#reached.notify();
      this.#check();
    }
  }

  #end(instance: string): void {
    const probe = this.#probes.get(instance);
    if (probe === undefined) return;
    this.#knownAt = probe.knownAt;
    this.#probes.delete(instance);
    const ending = probe[Symbol.asyncDispose]();
    this.#ending.add(ending);
    void ending.finally(() => this.#ending.delete(ending));
  }

  #check(): void {
    const before = this.#staleness;
    const at = this.knownAt;
    let reason: string | undefined;
    if (!this.isReached) reason = logicNotReached;
    else if (performance.now() - at > staleMs) reason = "Logic does not answer";
    if (before?.reason === reason) return;
    this.#staleness = reason === undefined ? undefined : { at: Math.min(at, before?.at ?? at), reason };
    this.#changed.notify();
  }
}
