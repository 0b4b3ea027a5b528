import type { ServiceName } from "@peek/plugin-base";
import type { Bus, BusMember } from "@peek/bus";

/** A bus of a process that joins. */
export interface JoinedBus {
  readonly bus: Bus;
  readonly member: BusMember;
}

/** A driver of the bus, as the behaviour suites of what is above it need it. */
export interface RpcHarness extends AsyncDisposable {
  /** Another process of a service; connected. */
  join(service: ServiceName): Promise<JoinedBus>;
  /** Ends a process's connection without a word, as when it is killed. It does not come back. */
  kill(bus: Bus): Promise<void>;
}
