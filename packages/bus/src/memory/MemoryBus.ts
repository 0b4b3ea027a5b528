import type { Peer, PeerIdentity, PresenceChange, ServiceName } from "@peek/plugin-base";
import type { Bus, BusMember, BusState } from "../Bus.ts";
import { closed, nobody, overloaded } from "../busErrors.ts";
import type { Exchange, ExchangeMember } from "../Exchange.ts";
import { Listeners } from "@peek/kit";
import { checkMessage, exceedsQueueLimit, maxMessageBytes } from "../messageLimits.ts";
import { PeerRegistry } from "../PeerRegistry.ts";

/** What is told later: a text, or something else that has happened. */
type Event = { readonly from: PeerIdentity; readonly text: string } | (() => void);

/** A bus of a member in the same process as the exchange: always connected, and its texts are never copied. */
export class MemoryBus implements Bus, ExchangeMember {
  readonly self: PeerIdentity;
  readonly maxMessageBytes = maxMessageBytes;
  readonly trouble = undefined;
  readonly owner = "the process itself";
  readonly waitingBytes = 0;
  readonly #exchange: Exchange;
  readonly #stateListeners = new Listeners<BusState>();
  readonly #presenceListeners = new Listeners<PresenceChange>();
  readonly #goneListeners = new Listeners<string>();
  readonly #watches = new Map<ServiceName, PromiseWithResolvers<void>>();
  readonly #peers = new PeerRegistry((change) => this.#presenceListeners.tell(change));
  #receiver: ((from: PeerIdentity, text: string) => void) | undefined;
  #events: Event[] = [];
  #flush: NodeJS.Immediate | undefined;
  #state: BusState = "connected";

  constructor(exchange: Exchange, service: ServiceName, member: BusMember) {
    const { instance, version, since, observer = false } = member;
    this.self = { service, instance };
    this.#exchange = exchange;
    exchange.join({ service, instance, version, since, address: "local", serves: [] }, this, observer);
  }

  get state(): BusState {
    return this.#state;
  }

  onState(listener: (state: BusState) => void): Disposable {
    return this.#stateListeners.add(listener);
  }

  onMessage(receiver: (from: PeerIdentity, text: string) => void): void {
    this.#receiver = receiver;
  }

  async watch(service: ServiceName): Promise<void> {
    const known = this.#watches.get(service);
    if (known !== undefined || this.#state !== "connected") return known?.promise;
    const watch = Promise.withResolvers<void>();
    this.#watches.set(service, watch);
    const peers = this.#exchange.watch(this.self.instance, service);
    this.#later(() => {
      this.#peers.replace(service, peers);
      watch.resolve();
    });
    return watch.promise;
  }

  peers(service: ServiceName): readonly Peer[] {
    return this.#state === "connected" ? this.#peers.peers(service) : [];
  }

  onPresence(listener: (change: PresenceChange) => void): Disposable {
    return this.#presenceListeners.add(listener);
  }

  onGone(listener: (instance: string) => void): Disposable {
    return this.#goneListeners.add(listener);
  }

  announce(serves: readonly string[]): void {
    this.#exchange.announce(this.self.instance, serves);
  }

  send(to: PeerIdentity, text: string): void {
    if (this.#state !== "connected") throw closed(this.self);
    checkMessage(text, maxMessageBytes);
    const waitingBytes = this.#exchange.waitingBytes(to.instance);
    if (exceedsQueueLimit(text, waitingBytes)) throw overloaded(this.self, waitingBytes);
    if (this.#exchange.send(this.self, to.instance, text) === undefined) throw nobody(to);
  }

  receive(from: PeerIdentity, text: string): void {
    this.#later({ from, text });
  }

  presence({ kind, peer }: PresenceChange): void {
    this.#later(() => {
      if (kind !== "left") return this.#peers.put(peer);
      this.#peers.remove(peer.service, peer.instance);
      this.#goneListeners.tell(peer.instance);
    });
  }

  gone(instance: string): void {
    this.#later(() => this.#goneListeners.tell(instance));
  }

  onceDrained(listener: () => void): void {
    listener();
  }

  replaced(): void {
    this.#close();
  }

  /**
   * Tells now what has happened, instead of a little later: for who has passed texts on from a socket, and is not
   * itself being told anything.
   */
  settle(): void {
    if (this.#events.length === 0) return;
    const events = this.#events;
    this.#events = [];
    for (const event of events) {
      // Who was disposed meanwhile hears no more.
      if (this.#state !== "connected") return;
      if (typeof event === "function") event();
      else this.#receiver?.(event.from, event.text);
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    if (this.#state === "connected") {
      this.#exchange.leave(this.self.instance, this);
      this.#close();
    }
    return Promise.resolve();
  }

  #close(): void {
    this.#state = "closed";
    this.#events = [];
    clearImmediate(this.#flush);
    for (const { resolve } of this.#watches.values()) resolve();
    this.#stateListeners.tell("closed");
    for (const listeners of [this.#stateListeners, this.#presenceListeners, this.#goneListeners]) listeners.clear();
  }

  // Not as microtasks: two members who answer each other would keep everything else from running.
  #later(event: Event): void {
    this.#events.push(event);
    this.#flush ??= setImmediate(() => {
      this.#flush = undefined;
      this.settle();
    });
  }
}
