import type { Bus, BusMember } from "@peek/bus";
import { type Peer, type PeerIdentity, type PresenceChange, type ServiceName, serviceNames } from "@peek/plugin-base";
import type { PeerDirectory } from "../rpc/PeerDirectory.ts";
import { PresenceFeed } from "./PresenceFeed.ts";

/** How a {@link PresenceView} is opened. */
export interface PresenceViewOptions {
  readonly bus: Bus;
  readonly directory: PeerDirectory;
  /** This process, as it introduced itself to the bus. */
  readonly member: BusMember;
  /** Returns the contracts that this process serves now. */
  readonly serves: () => readonly string[];
}

/** The connected peers, and this process itself even while it is not connected. */
export class PresenceView {
  readonly #options: PresenceViewOptions;
  /** Each feed, with the services that it covers. */
  readonly #feeds = new Map<PresenceFeed, readonly ServiceName[]>();
  /** The last known state of this process. */
  #self: Peer | undefined;

  constructor(options: PresenceViewOptions) {
    this.#options = options;
  }

  get self(): PeerIdentity {
    return this.#options.bus.self;
  }

  /** How many feeds are open. */
  get feeds(): number {
    return this.#feeds.size;
  }

  /** Returns the connected peers in the order in which they connected, once the list is complete. */
  async peers(service: ServiceName | undefined): Promise<readonly Peer[]> {
    const services = servicesOf(service);
    const { directory } = this.#options;
    await Promise.all(
      services.map(async (each) => {
        const watcher = directory.watch(each);
        if (directory.isConnected && !watcher.isComplete) await watcher.settled;
      }),
    );
    return this.#known(services);
  }

  /** Opens a feed: the connected peers, then each change. The caller disposes it. */
  changes(service: ServiceName | undefined): PresenceFeed {
    const services = servicesOf(service);
    const feed = new PresenceFeed(this.self.instance);
    feed.onEnd(() => this.#feeds.delete(feed));
    this.#feeds.set(feed, services);
    for (const each of services) this.#options.directory.watch(each);
    feed.replace(this.#known(services));
    return feed;
  }

  /** A peer has joined, left, or serves other contracts. */
  onChange({ kind, peer }: PresenceChange): void {
    const present = kind === "left" ? undefined : peer;
    // To itself, this process never leaves.
    if (present === undefined && peer.instance === this.self.instance) return;
    for (const [feed, services] of this.#feeds) if (services.includes(peer.service)) feed.set(peer.instance, present);
  }

  /** The state of the bus has changed, or the list of a service's instances is complete. */
  refresh(): void {
    for (const [feed, services] of this.#feeds) feed.replace(this.#known(services));
  }

  /** Ends all feeds. */
  close(): void {
    for (const feed of this.#feeds.keys()) feed[Symbol.dispose]();
  }

  #known(services: readonly ServiceName[]): readonly Peer[] {
    const peers = services.flatMap((each) => this.#knownOf(each));
    return services.length === 1 ? peers : peers.sort(byConnectionTime);
  }

  #knownOf(service: ServiceName): readonly Peer[] {
    const { bus, directory, member } = this.#options;
    const peers = bus.peers(service);
    if (service !== bus.self.service || member.observer === true) return peers;
    const self = peers.find((peer) => peer.instance === bus.self.instance);
    // While the list is being completed, this process may be missing from it.
    const isListPending = directory.isConnected && !directory.watch(service).isComplete;
    this.#self = self ?? (isListPending ? this.#self : this.#selfPeer());
    return self !== undefined || this.#self === undefined ? peers : [...peers, this.#self];
  }

  #selfPeer(): Peer {
    const { bus, member, serves } = this.#options;
    const { version, since } = member;
    return { ...bus.self, version, since, connectedSince: since, address: "local", serves: serves() };
  }
}

function servicesOf(service: ServiceName | undefined): readonly ServiceName[] {
  return service === undefined ? serviceNames : [service];
}

function byConnectionTime(a: Peer, b: Peer): number {
  if (a.connectedSince === b.connectedSince) return 0;
  return a.connectedSince < b.connectedSince ? -1 : 1;
}
