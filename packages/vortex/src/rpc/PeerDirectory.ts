import type { PeekError } from "@peek/errors";
import type { Peer, PeerIdentity, ServiceName } from "@peek/plugin-base";
import { closed, disconnected } from "../bus/busErrors.ts";
import type { Bus } from "../bus/Bus.ts";
import type { CallScope } from "./CallScope.ts";
import type { DeadlineWheel } from "./DeadlineWheel.ts";
import type { PeerWait } from "./PeerWait.ts";
import { ServiceWatch } from "./ServiceWatch.ts";
import { released } from "./rpcErrors.ts";

/** Who is connected of the services that are called, and who waits for somebody. */
export class PeerDirectory {
  readonly bus: Bus;
  readonly deadlines: DeadlineWheel;
  readonly #watches = new Map<ServiceName, ServiceWatch>();
  readonly #waits = new Set<PeerWait>();
  readonly #onComplete: () => void;
  #turn = 0;

  /** @param onComplete Called when all of a service are known. */
  constructor(bus: Bus, deadlines: DeadlineWheel, onComplete: () => void) {
    this.bus = bus;
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
  watch(service: ServiceName): ServiceWatch {
    const known = this.#watches.get(service);
    if (known !== undefined) return known;
    const watch = new ServiceWatch(this.bus, service, () => {
      this.changed();
      this.#onComplete();
    });
    this.#watches.set(service, watch);
    return watch;
  }

  /** Who is connected of a service that is followed. */
  peers(service: ServiceName): readonly Peer[] {
    return this.bus.peers(service);
  }

  /** A number that takes turns: whose turn it is among so many. */
  turn(among: number): number {
    this.#turn = (this.#turn + 1) % 0x4000_0000;
    return this.#turn % among;
  }

  addWait(wait: PeerWait): void {
    this.#waits.add(wait);
  }

  removeWait(wait: PeerWait): void {
    this.#waits.delete(wait);
  }

  /** Somebody came, went, or serves something else. */
  changed(): void {
    for (const wait of this.#waits) wait.look();
  }

  stateChanged(): void {
    for (const watch of this.#watches.values()) watch.stateChanged();
    this.changed();
  }

  /** Those who wait in a phase of a plugin that is over wait no longer. */
  release(scope: CallScope): void {
    for (const wait of this.#waits) if (wait.scope === scope) wait.fail(released(scope.plugin));
  }

  /** Nobody waits any longer. */
  close(): void {
    for (const wait of this.#waits) wait.fail(released(`The ${this.self.service} service`));
  }
}
