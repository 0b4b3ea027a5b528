import { Listeners } from "@peek/kit";
import type { Peer, PeerIdentity, PresenceChange, ServiceName } from "@peek/plugin-base";
import type { Bus, BusMember, BusState } from "../Bus.ts";
import { closed, notConnected, overloaded } from "../busErrors.ts";
import type { Exchange, ExchangeMember } from "../Exchange.ts";
import { checkMessage, exceedsQueueLimit, maxMessageBytes } from "../messageLimits.ts";
import { PeerRegistry } from "../PeerRegistry.ts";

/** A message to deliver, or another event to report. */
type Event = { readonly from: PeerIdentity; readonly message: string } | (() => void);

/** The bus of a member in the same process as the exchange: it is always connected, and never copies messages. */
export class MemoryBus implements Bus, ExchangeMember {
  readonly self: PeerIdentity;
  readonly maxMessageBytes = maxMessageBytes;
  readonly disconnectReason = undefined;
  readonly owner = "the process itself";
  readonly waitingBytes = 0;
  readonly #exchange: Exchange;
  readonly #stateListeners = new Listeners<BusState>();
  readonly #presenceListeners = new Listeners<PresenceChange>();
  readonly #goneListeners = new Listeners<string>();
  readonly #watches = new Map<ServiceName, PromiseWithResolvers<void>>();
  readonly #peers = new PeerRegistry((change) => this.#presenceListeners.notify(change));
  #receiver: ((from: PeerIdentity, message: string) => void) | undefined;
  #events: Event[] = [];
  #timer: NodeJS.Immediate | undefined;
  #state: BusState = "connected";

  /** @throws PeekError `FORBIDDEN` as {@link Exchange.join} */
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

  onMessage(receiver: (from: PeerIdentity, message: string) => void): void {
    this.#receiver = receiver;
  }

  async watch(service: ServiceName): Promise<void> {
    const existing = this.#watches.get(service);
    if (existing !== undefined || this.#state !== "connected") return existing?.promise;
    const watch = Promise.withResolvers<void>();
    this.#watches.set(service, watch);
    const peers = this.#exchange.watch(this.self.instance, service);
    this.#queue(() => {
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

  send(to: PeerIdentity, message: string): void {
    if (this.#state !== "connected") throw closed(this.self);
    checkMessage(message, maxMessageBytes);
    const waitingBytes = this.#exchange.waitingBytes(to.instance);
    if (exceedsQueueLimit(message, waitingBytes)) throw overloaded(this.self, waitingBytes);
    if (this.#exchange.send(this.self, to.instance, message) === undefined) throw notConnected(to);
  }

  receive(from: PeerIdentity, message: string): void {
    this.#queue({ from, message });
  }

  presence({ kind, peer }: PresenceChange): void {
    this.#queue(() => {
      if (kind !== "left") return this.#peers.put(peer);
      this.#peers.remove(peer.service, peer.instance);
      this.#goneListeners.notify(peer.instance);
    });
  }

  gone(instance: string): void {
    this.#queue(() => this.#goneListeners.notify(instance));
  }

  onceDrained(listener: () => void): void {
    listener();
  }

  replaced(): void {
    this.#close();
  }

  /**
   * Delivers the queued events now rather than in the next iteration of the event loop: for a caller that has forwarded messages
   * from a socket. Must not be called from a listener.
   */
  deliver(): void {
    if (this.#events.length === 0) return;
    const events = this.#events;
    this.#events = [];
    for (const event of events) {
      // A listener may have disposed the bus.
      if (this.#state !== "connected") return;
      if (typeof event === "function") event();
      else this.#receiver?.(event.from, event.message);
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
    clearImmediate(this.#timer);
    for (const { resolve } of this.#watches.values()) resolve();
    this.#stateListeners.notify("closed");
    for (const listeners of [this.#stateListeners, this.#presenceListeners, this.#goneListeners]) listeners.clear();
  }

  // Not as microtasks: two members that answer each other would starve the event loop.
  #queue(event: Event): void {
    this.#events.push(event);
    this.#timer ??= setImmediate(() => {
      this.#timer = undefined;
      this.deliver();
    });
  }
}
