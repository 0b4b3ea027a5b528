import type { PeerIdentity, ServiceName } from "@peek/plugin-base";
import type { Bus, BusMember } from "../../src/Bus.ts";
import { makeInstanceName } from "../../src/instanceName.ts";

/** A bus in another process, which answers each message with `echo: ` and the message. */
export interface OtherProcess {
  readonly identity: PeerIdentity;
  /** Kills its process. */
  kill(): void;
}

/** A driver of the bus, as the behaviour suite needs it. */
export interface BusHarness extends AsyncDisposable {
  /** Opens a bus, which starts to connect. */
  open(service: ServiceName, member: BusMember): Bus;
  /** Starts a bus in another process; settles when it is connected. Undefined for a driver within one process. */
  readonly spawn: ((service: ServiceName) => Promise<OtherProcess>) | undefined;
  /** The network between the buses. Undefined for a driver without one. */
  readonly network:
    | {
        /** Cuts all connections, and prevents new ones. */
        cut(): Promise<void>;
        restore(): Promise<void>;
      }
    | undefined;
}

/** The description of a process in tests. */
export function member(service: ServiceName, observer = false): BusMember {
  return {
    instance: makeInstanceName(service, observer),
    version: "1.2.3",
    since: "2025-01-02T03:04:05.678Z",
    observer,
  };
}

/** Waits until a bus is connected. */
export async function connected(bus: Bus): Promise<Bus> {
  if (bus.state === "connected") return bus;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  using listening = bus.onState((state) => {
    if (state === "connected") resolve();
    else if (state === "closed") reject(new Error("It was closed before it was connected."));
  });
  const late = setTimeout(() => reject(new Error("It is not connected within 30 s.")), 30_000);
  try {
    await promise;
  } finally {
    clearTimeout(late);
    void listening;
  }
  return bus;
}
