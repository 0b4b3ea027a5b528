import { type Peer, type PeerIdentity, type PresenceChange, type ServiceName, serviceNames } from "@peek/plugin-base";
import type { Bus, BusMember } from "@peek/bus";
import type { PeerDirectory } from "../rpc/PeerDirectory.ts";
import { PresenceFeed } from "./PresenceFeed.ts";

/** What a {@link PresenceView} is made of. */
export interface PresenceViewOptions {
  readonly bus: Bus;
  readonly directory: PeerDirectory;
  /** What this process has said of itself. */
  readonly member: BusMember;
  /** The contracts that are served here now. */
  readonly serves: () => readonly string[];
}

/** Who is connected, as the bus tells; and this process itself, also while it is not connected. */
export class PresenceView {
  readonly #options: PresenceViewOptions;
  /** With the services that each is about. */
  readonly #feeds = new Map<PresenceFeed, readonly ServiceName[]>();

  /** This process, as it was known last. */
  #self: Peer | undefined;

  constructor(options: PresenceViewOptions) {
    this.#options = options;
  }

  get self(): PeerIdentity {
    return this.#options.bus.self;
  }

  /** How many follow the changes. */
  get feeds(): number {
    return this.#feeds.size;
  }

  /** Who is connected, in the order in which they were; once all of them are known. */
  async peers(service: ServiceName | undefined): Promise<readonly Peer[]> {
    const services = servicesOf(service);
    const { directory } = this.#options;
    await Promise.all(
      services.map(async (each) => {
        const watch = directory.watch(each);
        if (directory.isConnected && !watch.isComplete) await watch.settled;
      }),
    );
    return this.#known(services);
  }

  /** Who is connected, and each change; to be disposed. */
  changes(service: ServiceName | undefined): PresenceFeed {
    const services = servicesOf(service);
    const feed = new PresenceFeed(this.self.instance);
    feed.onEnd(() => this.#feeds.delete(feed));
    this.#feeds.set(feed, services);
    for (const each of services) this.#options.directory.watch(each);
    feed.replace(this.#known(services));
    return feed;
  }

  /** Somebody came, went, or serves something else. */
  onChange({ kind, peer }: PresenceChange): void {
    const now = kind === "left" ? undefined : peer;
    // As for itself, it is always there.
    if (now === undefined && peer.instance === this.self.instance) return;
    for (const [feed, services] of this.#feeds) if (services.includes(peer.service)) feed.set(peer.instance, now);
  }

  /** The bus has another state, or all of a service are known now. */
  refresh(): void {
    for (const [feed, services] of this.#feeds) feed.replace(this.#known(services));
  }

  /** Nobody is told of anything any more. */
  close(): void {
    for (const feed of this.#feeds.keys()) feed[Symbol.dispose]();
  }

  #known(services: readonly ServiceName[]): readonly Peer[] {
    const peers = services.flatMap((each) => this.#knownOf(each));
    return services.length === 1 ? peers : peers.sort(byTime);
  }

  #knownOf(service: ServiceName): readonly Peer[] {
    const { bus, directory, member } = this.#options;
    const peers = bus.peers(service);
    if (service !== bus.self.service || member.observer === true) return peers;
    const self = peers.find((peer) => peer.instance === bus.self.instance);
    const isAboutToCome = directory.isConnected && !directory.watch(service).isComplete;
    this.#self = self ?? (isAboutToCome ? this.#self : this.#selfPeer());
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

function byTime(a: Peer, b: Peer): number {
  if (a.connectedSince === b.connectedSince) return 0;
  return a.connectedSince < b.connectedSince ? -1 : 1;
}
