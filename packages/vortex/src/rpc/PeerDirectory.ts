import type { PeekError } from "@peek/errors";
import type { Peer, PeerIdentity, PresenceChange, ServiceName } from "@peek/plugin-base";
import { type Bus, closed, disconnected } from "@peek/bus";
import type { CallScope } from "./CallScope.ts";
import type { TimingWheel } from "./TimingWheel.ts";
import { PeerWait, type PeerWaitOptions } from "./PeerWait.ts";
import { PeerWaits } from "./PeerWaits.ts";
import { ServiceWatcher } from "./ServiceWatcher.ts";
import type { PendingSendLog } from "./PendingSendLog.ts";
import { released } from "./rpcErrors.ts";

/** Who is connected of the services that are called, and who waits for somebody. */
export class PeerDirectory {
  readonly bus: Bus;
  readonly deadlines: TimingWheel;
  readonly #watches = new Map<ServiceName, ServiceWatcher>();
  /** Those of a service, by their instance. */
  readonly #peers = new Map<ServiceName, Map<string, Peer>>();
  readonly #waits = new PeerWaits();
  readonly #notices: PendingSendLog;
  readonly #onComplete: () => void;
  #turn = 0;
  #lastOrder = 0;

  /**
   * @param notices Told of who waits.
   * @param onComplete Called when all of a service are known.
   */
  constructor(bus: Bus, deadlines: TimingWheel, notices: PendingSendLog, onComplete: () => void) {
    this.bus = bus;
    this.#notices = notices;
    this.#onComplete = onComplete;
    this.deadlines = deadlines;
  }

  get self(): PeerIdentity {
    return this.bus.self;
  }

  get isConnected(): boolean {
    return this.bus.state === "connected";
  }

  /** Why nothing can be sent to anybody; undefined when it can. */
  obstacle(): PeekError | undefined {
    const { state, self } = this.bus;
    if (state === "connected") return undefined;
    return state === "closed" ? closed(self) : disconnected(self);
  }

  /** How many calls wait for somebody. */
  get waiting(): number {
    return this.#waits.size;
  }

  /** Begins to follow a service, if nobody did. */
  watch(service: ServiceName): ServiceWatcher {
    const known = this.#watches.get(service);
    if (known !== undefined) return known;
    const watch = new ServiceWatcher(this.bus, service, () => this.#completed(service));
    this.#watches.set(service, watch);
    return watch;
  }

  /** Who is connected of a service that is followed. */
  peers(service: ServiceName): readonly Peer[] {
    return this.bus.peers(service);
  }

  /** One of them; undefined when it is not connected, as far as is known. */
  peer({ service, instance }: PeerIdentity): Peer | undefined {
    return this.#peers.get(service)?.get(instance);
  }

  /** Whether it is being asked who of a service is there, and something waits for the answer. */
  isQueueing(service: ServiceName): boolean {
    if (!this.isConnected || !this.#waits.hasAnyFor(service)) return false;
    return this.#watches.get(service)?.isComplete === false;
  }

  /** A number that takes turns: whose turn it is among so many. */
  turn(among: number): number {
    this.#turn = (this.#turn + 1) % 0x4000_0000;
    return this.#turn % among;
  }

  /** Sends something as soon as there is somebody to take it, after all that waits already. */
  sendLater(options: PeerWaitOptions): void {
    this.#lastOrder += 1;
    const wait = new PeerWait(this, this.#lastOrder, options);
    this.#waits.add(wait);
    this.#notices.add(wait);
    this.deadlines.add(wait, options.deadlineMs);
    options.signal?.addEventListener("abort", wait);
    wait.look();
  }

  removeWait(wait: PeerWait): void {
    this.#waits.delete(wait);
    this.#notices.delete(wait);
  }

  /** Somebody came, went, or serves something else. */
  changed({ kind, peer }: PresenceChange): void {
    const { service, instance } = peer;
    if (kind === "left") {
      this.#peers.get(service)?.delete(instance);
      return;
    }
    const peers = this.#peers.get(service);
    if (peers === undefined) this.#peers.set(service, new Map([[instance, peer]]));
    else peers.set(instance, peer);
    // Before all are known, nothing is sent to any: it would overtake what waits for another.
    if (this.#watches.get(service)?.isComplete !== true) return;
    for (const wait of this.#waits.ofPeer(peer)) wait.look();
  }

  stateChanged(): void {
    if (!this.isConnected) this.#peers.clear();
    for (const watch of this.#watches.values()) watch.stateChanged();
    for (const wait of this.#waits.all()) wait.look();
  }

  /** Those who wait in a phase of a plugin that is over wait no longer. */
  release(scope: CallScope): void {
    for (const wait of this.#waits.all()) if (wait.scope === scope) wait.fail(released(scope.plugin));
  }

  /** Nobody waits any longer. */
  close(): void {
    for (const wait of this.#waits.all()) wait.fail(released(`The ${this.self.service} service`));
  }

  /** All of a service are known. */
  #completed(service: ServiceName): void {
    this.#peers.set(service, new Map(this.bus.peers(service).map((peer) => [peer.instance, peer])));
    for (const wait of this.#waits.ofService(service)) wait.look();
    this.#onComplete();
  }
}
