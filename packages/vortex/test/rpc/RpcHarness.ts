import type { ServiceName } from "@peek/plugin-base";
import type { Bus, BusMember } from "@peek/bus";

/** The bus of a process that has joined. */
export interface JoinedBus {
  readonly bus: Bus;
  readonly member: BusMember;
}

/** A driver of the bus, as behaviour suites of the layers above need it. */
export interface RpcHarness extends AsyncDisposable {
  /** Opens the connected bus of another process. */
  join(service: ServiceName): Promise<JoinedBus>;
  /** Ends a process's connection as if it were killed. It does not reconnect. */
  kill(bus: Bus): Promise<void>;
}
