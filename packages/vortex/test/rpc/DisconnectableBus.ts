import type { Peer, PeerIdentity, PresenceChange, ServiceName } from "@peek/plugin-base";
import { type Bus, type BusState, disconnected, overloaded } from "@peek/bus";
import { Listeners } from "@peek/kit";

/** A bus that a test disconnects, reconnects or overloads. */
export class DisconnectableBus implements Bus {
  readonly disconnectReason = undefined;
  /** Delays the answer to a watch. */
  watchable: Promise<void> = Promise.resolve();
  /** Selects the messages that are refused with VORTEX_OVERLOADED. */
  refuses: (text: string) => boolean = () => false;
  /** How often peers() was called. */
  looks = 0;
  readonly #bus: Bus;
  readonly #states = new Listeners<BusState>();
  /** The services whose instances are known over this connection. */
  readonly #watched = new Set<ServiceName>();
  #isCut = false;

  constructor(bus: Bus) {
    this.#bus = bus;
  }

  get self(): PeerIdentity {
    return this.#bus.self;
  }

  get maxMessageBytes(): number {
    return this.#bus.maxMessageBytes;
  }

  get state(): BusState {
    return this.#isCut ? "connecting" : this.#bus.state;
  }

  cut(isCut: boolean): void {
    this.#isCut = isCut;
    this.#watched.clear();
    this.#states.notify(this.state);
  }

  onState(listener: (state: BusState) => void): Disposable {
    return this.#states.add(listener);
  }

  onMessage(receiver: (from: PeerIdentity, text: string) => void): void {
    this.#bus.onMessage((from, text) => {
      if (!this.#isCut) receiver(from, text);
    });
  }

  async watch(service: ServiceName): Promise<void> {
    if (this.#isCut) return;
    await this.#bus.watch(service);
    this.#watched.add(service);
    await this.watchable;
  }

  peers(service: ServiceName): readonly Peer[] {
    this.looks += 1;
    return this.#watched.has(service) ? this.#bus.peers(service) : [];
  }

  onPresence(listener: (change: PresenceChange) => void): Disposable {
    return this.#bus.onPresence(listener);
  }

  onGone(listener: (instance: string) => void): Disposable {
    return this.#bus.onGone(listener);
  }

  announce(serves: readonly string[]): void {
    this.#bus.announce(serves);
  }

  send(to: PeerIdentity, text: string): void {
    if (this.#isCut) throw disconnected(this.self);
    if (this.refuses(text)) throw overloaded(this.self, 1);
    this.#bus.send(to, text);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#bus[Symbol.asyncDispose]();
  }
}
