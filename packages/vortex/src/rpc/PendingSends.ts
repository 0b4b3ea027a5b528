import type { PeekError } from "@peek/errors";
import type { PluginScope } from "@peek/kit";
import type { Peer, ServiceName } from "@peek/plugin-base";
import type { LoggedSend, PendingSendLog } from "./PendingSendLog.ts";
import { type TimingWheel, WheelTimer } from "./TimingWheel.ts";

/** Whether something can be sent: now, perhaps later, or not at all. */
export type Readiness = "ready" | "pending" | "unavailable";

/** The receiver that a send waits for. */
export interface SendTarget {
  /** The service that the receiver is an instance of. */
  readonly service: ServiceName;
  /** Identifies the receiver: the name of an instance, or the {@link serviceKey} of any instance that serves a contract. */
  readonly key: string;
  /** The name of the contract that is called. */
  readonly title: string;
  /** @param wait Whether to wait for a peer to connect, and not only for the list of connected peers. */
  readiness(wait: boolean): Readiness;
  /** The error when there is no receiver. */
  unavailableError(): PeekError;
  /** As {@link LoggedSend.describe}. */
  describe(): string;
}

/** What to send, and how long to wait with it. */
export interface PendingSendOptions {
  readonly target: SendTarget;
  /** The scope with which the send is given up. Undefined: none. */
  readonly scope: PluginScope | undefined;
  readonly deadlineMs: number;
  /** As in {@link SendTarget.readiness}. */
  readonly wait: boolean;
  readonly signal: AbortSignal | undefined;
  /** Sends: the target is ready. An error that it throws is passed to `fail`. */
  readonly send: () => void;
  /** Called when nothing was sent. */
  readonly fail: (error: unknown) => void;
}

/** A send that waits for its receiver. It is sent synchronously with the event that it waits for, so that no later send overtakes it. */
class PendingSend extends WheelTimer implements LoggedSend {
  readonly target: SendTarget;
  readonly scope: PluginScope | undefined;
  /** Its position among all pending sends. */
  readonly order: number;
  readonly #options: PendingSendOptions;
  readonly #onEnd: (send: PendingSend) => void;
  #isOver = false;

  /** @param onEnd Called when it is sent or has failed. */
  constructor(order: number, options: PendingSendOptions, onEnd: (send: PendingSend) => void) {
    super();
    this.target = options.target;
    this.scope = options.scope;
    this.order = order;
    this.#options = options;
    this.#onEnd = onEnd;
  }

  get plugin(): string | undefined {
    return this.scope?.plugin;
  }

  get key(): string {
    return this.target.key;
  }

  get title(): string {
    return this.target.title;
  }

  get waitsForPeer(): boolean {
    return this.#options.wait;
  }

  describe(): string {
    return this.target.describe();
  }

  /** Sends or fails, if the target's readiness says so. */
  update(): void {
    if (this.#isOver) return;
    const { target, wait, send, fail } = this.#options;
    const readiness = target.readiness(wait);
    if (readiness === "pending") return;
    if (readiness === "unavailable") {
      this.fail(target.unavailableError());
      return;
    }
    this.#end();
    try {
      send();
    } catch (error) {
      fail(error);
    }
  }

  fail(error: unknown): void {
    if (this.#isOver) return;
    this.#end();
    this.#options.fail(error);
  }

  onExpired(): void {
    this.fail(this.target.unavailableError());
  }

  /** The caller's signal has fired. */
  handleEvent(): void {
    this.fail(this.#options.signal?.reason);
  }

  #end(): void {
    this.#isOver = true;
    this.#onEnd(this);
    this.#options.signal?.removeEventListener("abort", this);
  }
}

/** All pending sends, in their order, indexed by their targets. */
export class PendingSends {
  readonly #timers: TimingWheel;
  readonly #log: PendingSendLog;
  readonly #all = new Set<PendingSend>();
  readonly #byService = new Map<ServiceName, Set<PendingSend>>();
  readonly #byKey = new Map<string, Set<PendingSend>>();
  #lastOrder = 0;

  constructor(timers: TimingWheel, log: PendingSendLog) {
    this.#timers = timers;
    this.#log = log;
  }

  get size(): number {
    return this.#all.size;
  }

  /** Sends as soon as the target is ready, after all sends that are pending already. */
  add(options: PendingSendOptions): void {
    this.#lastOrder += 1;
    const send = new PendingSend(this.#lastOrder, options, (each) => this.#delete(each));
    this.#all.add(send);
    addTo(this.#byService, send.target.service, send);
    addTo(this.#byKey, send.target.key, send);
    this.#log.add(send);
    this.#timers.add(send, options.deadlineMs);
    options.signal?.addEventListener("abort", send);
    send.update();
  }

  all(): readonly PendingSend[] {
    return [...this.#all];
  }

  /** Whether any send waits for an instance of the service. */
  hasAnyFor(service: ServiceName): boolean {
    return this.#byService.has(service);
  }

  /** The sends that wait for an instance of the service. */
  ofService(service: ServiceName): readonly PendingSend[] {
    return [...(this.#byService.get(service) ?? [])];
  }

  /** The sends that wait for this peer, or for any that serves one of its contracts. */
  ofPeer({ service, instance, serves }: Peer): readonly PendingSend[] {
    const sends = [...(this.#byKey.get(instance) ?? [])];
    for (const contract of serves) sends.push(...(this.#byKey.get(serviceKey(service, contract)) ?? []));
    return sends.sort((a, b) => a.order - b.order);
  }

  #delete(send: PendingSend): void {
    this.#all.delete(send);
    deleteFrom(this.#byService, send.target.service, send);
    deleteFrom(this.#byKey, send.target.key, send);
    this.#log.delete(send);
    this.#timers.remove(send);
  }
}

/** The key of a {@link SendTarget} that is any instance of a service that serves a contract. */
export function serviceKey(service: ServiceName, contract: string): string {
  return `${service} ${contract}`;
}

function addTo<Key>(index: Map<Key, Set<PendingSend>>, key: Key, send: PendingSend): void {
  const sends = index.get(key);
  if (sends === undefined) index.set(key, new Set([send]));
  else sends.add(send);
}

function deleteFrom<Key>(index: Map<Key, Set<PendingSend>>, key: Key, send: PendingSend): void {
  const sends = index.get(key);
  if (sends?.delete(send) === true && sends.size === 0) index.delete(key);
}
