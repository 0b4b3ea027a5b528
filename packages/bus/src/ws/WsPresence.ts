import type { Peer, PeerIdentity, PresenceChange, ServiceName } from "@peek/plugin-base";
import { isObserver } from "../instanceName.ts";
import { PeerRegistry } from "../PeerRegistry.ts";
import { parseLine, peersSchema, serviceSchema } from "./exchangeProtocol.ts";

interface Watch {
  /** Settles when the service's peers are known; undefined while they are, or the bus is not connected. */
  pending: PromiseWithResolvers<void> | undefined;
}

/** The watched services, and their connected peers as the exchange reports them. */
export class WsPresence {
  readonly #self: PeerIdentity;
  readonly #registry: PeerRegistry;
  readonly #watches = new Map<ServiceName, Watch>();
  /** The received parts of incomplete peer lists. */
  readonly #partialLists = new Map<ServiceName, Peer[]>();
  /** The address of the exchange. */
  exchangeAddress = "";

  /** @param onChange Called with each change, after it was made. */
  constructor(self: PeerIdentity, onChange: (change: PresenceChange) => void) {
    this.#self = self;
    this.#registry = new PeerRegistry(onChange);
  }

  /** The watched services. */
  get services(): Iterable<ServiceName> {
    return this.#watches.keys();
  }

  peers(service: ServiceName): readonly Peer[] {
    return this.#registry.peers(service);
  }

  isWatched(service: ServiceName): boolean {
    return this.#watches.has(service);
  }

  watch(service: ServiceName): void {
    this.#watches.set(service, { pending: undefined });
  }

  /** Settles when the peers of a watched service are known; at once while they are not requested. */
  async known(service: ServiceName): Promise<void> {
    await this.#watches.get(service)?.pending?.promise;
  }

  /** The peers of a watched service were requested from the exchange. */
  requested(service: ServiceName): void {
    const watch = this.#watches.get(service);
    if (watch !== undefined) watch.pending ??= Promise.withResolvers();
  }

  /** Whether an instance is certainly not connected. Observers and instances of services that are not watched are unknown here. */
  isKnownToBeGone({ service, instance }: PeerIdentity): boolean {
    const watch = this.#watches.get(service);
    if (watch === undefined || watch.pending !== undefined || isObserver(instance)) return false;
    return !this.#registry.has(instance);
  }

  /**
   * Handles a part of a peer list.
   *
   * @param text The line without its kind.
   * @throws PeekError `VORTEX_FRAME_INVALID`
   */
  onPeerList(text: string, isLast: boolean): void {
    const tab = text.indexOf("\t");
    const service = serviceSchema.parse(text.slice(0, tab));
    const peers = this.#partialLists.get(service) ?? [];
    this.#partialLists.set(service, peers);
    peers.push(...parseLine(peersSchema, text.slice(tab + 1)));
    if (!isLast) return;
    this.#partialLists.delete(service);
    this.#registry.replace(
      service,
      peers.map((peer) => this.#withAddress(peer)),
    );
    this.#settle(service);
  }

  /** A peer has joined, or its description has changed. */
  put(peer: Peer): void {
    this.#registry.put(this.#withAddress(peer));
  }

  remove({ service, instance }: PeerIdentity): void {
    this.#registry.remove(service, instance);
  }

  /** The connection has ended: all peers leave. The services stay watched. */
  clear(): void {
    this.#partialLists.clear();
    this.#registry.clear();
    for (const service of this.#watches.keys()) this.#settle(service);
  }

  #settle(service: ServiceName): void {
    const watch = this.#watches.get(service);
    watch?.pending?.resolve();
    if (watch !== undefined) watch.pending = undefined;
  }

  /** The exchange reports its own process as `local`. */
  #withAddress(peer: Peer): Peer {
    if (peer.instance === this.#self.instance) return { ...peer, address: "local" };
    return peer.address === "local" ? { ...peer, address: this.exchangeAddress } : peer;
  }
}
