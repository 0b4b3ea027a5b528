import type { ServiceName } from "../common/services.ts";

/** The identity of a running service, as its credentials prove it. */
export interface PeerIdentity {
  /** The service of its credentials. */
  readonly service: ServiceName;
  /** The process of the service: `agent-k3v9x2m7qd`. Each start has a new one. */
  readonly instance: string;
}

/** A running service that is connected. */
export interface Peer extends PeerIdentity {
  /** The version of the service. */
  readonly version: string;
  /** When the process started, by its own clock; ISO 8601, UTC. */
  readonly since: string;
  /** When it connected, by the clock of the reporting process; ISO 8601, UTC. */
  readonly connectedSince: string;
  /** Its address without port; `local` for the own process. */
  readonly address: string;
  /** The names of the RPC contracts that it serves, sorted. */
  readonly serves: readonly string[];
}

/** A change of the connected services. */
export type PresenceChange =
  | { readonly kind: "joined"; readonly peer: Peer }
  /** The contracts that it serves have changed. */
  | { readonly kind: "updated"; readonly peer: Peer }
  | { readonly kind: "left"; readonly peer: Peer };

/** The connected services, as far as this service is connected itself. */
export interface PluginPresence {
  /** This service. */
  readonly self: PeerIdentity;
  /**
   * The connected services, in the order in which they connected. While this service is not connected: only itself.
   *
   * @param service Only instances of this service. Default: all services.
   */
  peers(service?: ServiceName): Promise<readonly Peer[]>;
  /**
   * Follows the connected services: first a `joined` for each connected one, then each change. When this service loses its
   * connection, all others have `left`; they join again after the reconnect. A service that was disconnected for a moment is
   * reported as `left` and `joined`. Ends with the plugin, with `break`, or when `signal` fires; the iteration never throws.
   *
   * @throws PeekError `CONTRACT_INVALID` for an invalid `service`.
   */
  changes(options?: PresenceOptions): AsyncIterable<PresenceChange>;
  /**
   * Waits until a service is connected.
   *
   * @throws The reason of `signal`, when that fires first.
   */
  waitFor(service: ServiceName, options?: { readonly signal?: AbortSignal }): Promise<Peer>;
}

/** The options of {@link PluginPresence.changes}. */
export interface PresenceOptions {
  /** Default: all services. */
  readonly service?: ServiceName;
  readonly signal?: AbortSignal;
}
