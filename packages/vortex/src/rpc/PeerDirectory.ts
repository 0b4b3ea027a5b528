import { type Bus, closed, disconnected } from "@peek/bus";
import type { PeekError } from "@peek/errors";
import { pluginReleased, type PluginScope } from "@peek/kit";
import type { Peer, PeerIdentity, PresenceChange, ServiceName } from "@peek/plugin-base";
import type { PendingSendLog } from "./PendingSendLog.ts";
import { type PendingSendOptions, PendingSends } from "./PendingSends.ts";
import { serviceStopping } from "./rpcErrors.ts";
import { ServiceWatcher } from "./ServiceWatcher.ts";
import type { TimingWheel } from "./TimingWheel.ts";

/** Which peers of the called services are connected, and which sends wait for a peer. */
export class PeerDirectory {
  readonly #bus: Bus;
  readonly #watchers = new Map<ServiceName, ServiceWatcher>();
  /** The peers of each watched service, by their instance. */
  readonly #peers = new Map<ServiceName, Map<string, Peer>>();
  readonly #pendingSends: PendingSends;
  readonly #onComplete: () => void;
  #lastIndex = 0;

  /** @param onComplete Called when the list of a service's instances has become complete. */
  constructor(bus: Bus, timers: TimingWheel, log: PendingSendLog, onComplete: () => void) {
    this.#bus = bus;
    this.#pendingSends = new PendingSends(timers, log);
    this.#onComplete = onComplete;
  }

  get self(): PeerIdentity {
    return this.#bus.self;
  }

  get isConnected(): boolean {
    return this.#bus.state === "connected";
  }

  /** Why nothing can be sent to any peer; undefined when the bus is connected. */
  connectionError(): PeekError | undefined {
    const { state, self } = this.#bus;
    if (state === "connected") return undefined;
    return state === "closed" ? closed(self) : disconnected(self);
  }

  /** How many sends wait for a peer. */
  get pendingSends(): number {
    return this.#pendingSends.size;
  }

  /** Returns the watcher of a service; starts it when there is none. */
  watch(service: ServiceName): ServiceWatcher {
    const existing = this.#watchers.get(service);
    if (existing !== undefined) return existing;
    const watcher = new ServiceWatcher(this.#bus, service, () => this.#completed(service));
    this.#watchers.set(service, watcher);
    return watcher;
  }

  /** The connected instances of a watched service. */
  peers(service: ServiceName): readonly Peer[] {
    return this.#bus.peers(service);
  }

  /** A connected instance of a watched service; undefined when it is not known to be connected. */
  peer({ service, instance }: PeerIdentity): Peer | undefined {
    return this.#peers.get(service)?.get(instance);
  }

  /** Whether sends are pending because the list of the service's instances is not complete. */
  isQueueing(service: ServiceName): boolean {
    if (!this.isConnected || !this.#pendingSends.hasAnyFor(service)) return false;
    return this.#watchers.get(service)?.isComplete === false;
  }

  /** An index below `count` that advances with each call: for round robin. */
  nextIndex(count: number): number {
    this.#lastIndex = (this.#lastIndex + 1) % 0x4000_0000;
    return this.#lastIndex % count;
  }

  /** Sends as soon as the target is ready, after all sends that are pending already. */
  sendWhenReady(options: PendingSendOptions): void {
    this.#pendingSends.add(options);
  }

  /** A peer of a watched service has joined, left, or serves other contracts. */
  presenceChanged({ kind, peer }: PresenceChange): void {
    const { service, instance } = peer;
    if (kind === "left") {
      this.#peers.get(service)?.delete(instance);
      return;
    }
    const peers = this.#peers.get(service);
    if (peers === undefined) this.#peers.set(service, new Map([[instance, peer]]));
    else peers.set(instance, peer);
    // While the list is not complete nothing is sent: it could overtake a send that waits for a peer not listed yet.
    if (this.#watchers.get(service)?.isComplete !== true) return;
    for (const send of this.#pendingSends.ofPeer(peer)) send.update();
  }

  /** The state of the bus has changed. */
  stateChanged(): void {
    if (!this.isConnected) this.#peers.clear();
    for (const watcher of this.#watchers.values()) watcher.stateChanged();
    for (const send of this.#pendingSends.all()) send.update();
  }

  /** Fails the pending sends of a plugin's scope that has ended. */
  release(scope: PluginScope): void {
    for (const send of this.#pendingSends.all()) if (send.scope === scope) send.fail(pluginReleased(scope.plugin));
  }

  /** Fails all pending sends. */
  close(): void {
    for (const send of this.#pendingSends.all()) send.fail(serviceStopping(this.self.service));
  }

  #completed(service: ServiceName): void {
    this.#peers.set(service, new Map(this.#bus.peers(service).map((peer) => [peer.instance, peer])));
    for (const send of this.#pendingSends.ofService(service)) send.update();
    this.#onComplete();
  }
}
