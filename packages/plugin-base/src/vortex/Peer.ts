import type { ServiceName } from "../common/services.ts";

/** Who sent something: a running service, as its credential says. */
export interface PeerIdentity {
  /** The service that its credential is for. */
  readonly service: ServiceName;
  /** This process of the service: `agent-k3v9x2m7qd`. Another after each start. */
  readonly instance: string;
}

/** A running service that is connected. */
export interface Peer extends PeerIdentity {
  /** The version of the service. */
  readonly version: string;
  /** When the process started, by its own clock; ISO 8601, UTC. */
  readonly since: string;
  /** When it was connected, by the clock of whoever tells it; ISO 8601, UTC. */
  readonly connectedSince: string;
  /** Where it is connected from: an address without port, `local` for the process that asks. */
  readonly address: string;
  /** The names of the RPC contracts that it serves, sorted. */
  readonly serves: readonly string[];
}

/** Something has changed in who is connected. */
export type PresenceChange =
  | { readonly kind: "joined"; readonly peer: Peer }
  /** What it serves has changed. */
  | { readonly kind: "updated"; readonly peer: Peer }
  | { readonly kind: "left"; readonly peer: Peer };

/** Who is connected: as far as this service is connected itself. */
export interface PluginPresence {
  /** This service. */
  readonly self: PeerIdentity;
  /**
   * Who is connected now, in the order in which they were. While this service is not connected: nobody but itself.
   *
   * @param service Only those of this service. Default: of all.
   */
  peers(service?: ServiceName): Promise<readonly Peer[]>;
  /**
   * Who is connected, and then each change: first a `joined` for everyone who is there already. When this service loses
   * its connection, all others have `left`; they join again once it is back. One that was away in between, however shortly,
   * is told as `left` and `joined`. Ends with the plugin, with `break`, or when `signal` fires; the iteration never throws.
   *
   * @throws PeekError `CONTRACT_INVALID` when `service` is none.
   */
  changes(options?: PresenceOptions): AsyncIterable<PresenceChange>;
  /**
   * Waits until a service is connected.
   *
   * @throws The reason of `signal`, when that fires first.
   */
  waitFor(service: ServiceName, options?: { readonly signal?: AbortSignal }): Promise<Peer>;
}

/** Of whom {@link PluginPresence.changes} tells. */
export interface PresenceOptions {
  /** Default: all services. */
  readonly service?: ServiceName;
  readonly signal?: AbortSignal;
}
