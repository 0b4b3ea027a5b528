import type { PeerIdentity, ServiceName } from "@peek/plugin-base";
import type { Bus, BusMember } from "../../src/Bus.ts";
import { makeInstanceName } from "../../src/instanceName.ts";

/** A bus in another process, which sends back each text with `echo: ` before it. */
export interface OtherProcess {
  readonly identity: PeerIdentity;
  /** Ends it without a warning. */
  kill(): void;
}

/** What the behaviour of buses is tried on: one driver, with all that it needs. */
export interface BusHarness extends AsyncDisposable {
  /** A bus that has begun to connect. */
  open(service: ServiceName, member: BusMember): Bus;
  /** Starts a bus in another process; settles when it is connected. Undefined where the driver does not leave a process. */
  readonly spawn: ((service: ServiceName) => Promise<OtherProcess>) | undefined;
  /** What lies between the buses. Undefined where nothing does. */
  readonly network:
    | {
        /** Nobody can be reached, and all connections are cut. */
        cut(): Promise<void>;
        restore(): Promise<void>;
      }
    | undefined;
}

/** What a test process says of itself. */
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
  const late = setTimeout(() => reject(new Error("It is not connected within 10 s.")), 10_000);
  try {
    await promise;
  } finally {
    clearTimeout(late);
    void listening;
  }
  return bus;
}
