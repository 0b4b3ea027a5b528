import type { ServiceName } from "../common/services.ts";
import type { TupleType } from "../contracts/TupleType.ts";
import type { PeerIdentity } from "./Peer.ts";

/** The routing record of a payload: a flat object of texts, numbers and booleans. */
export type PayloadFilter = Readonly<Record<string, string | number | boolean>>;

/** Tuples with a routing record. */
export interface Payload<T> {
  readonly filt: PayloadFilter;
  readonly tuples: readonly T[];
}

/** The receiver of a payload: any one instance of a service, a given instance, or all instances of a service. */
export type PayloadTarget = ServiceName | PeerIdentity | { readonly all: ServiceName };

/** How payloads are received. */
export interface PayloadEndpointOptions<T> {
  /** The type of the tuples; payloads of other types are refused and logged. Default: payloads without tuples. */
  readonly tuple?: TupleType<T>;
  /** The services whose payloads are accepted, at least one. Default: all. */
  readonly acceptOnlyFrom?: ServiceName | readonly ServiceName[];
}

/** Messages without an answer, routed by their records. */
export interface PluginPayloads {
  /**
   * Receives every payload whose record has all keys of `filter` with the same values. `plugin` with this plugin's name is added
   * to the filter, unless the filter has it. Ends with the plugin, or when the result is disposed: then no further handler begins,
   * and the plugin's phase does not end before the running ones. At most 100 handlers run at a time. Up to 10,000 payloads wait, of
   * 64 MiB over all endpoints; further ones are dropped and logged. An error of the handler is logged.
   *
   * @throws PeekError `DATA_INVALID` for an invalid filter, `CONTRACT_INVALID` for an invalid `acceptOnlyFrom`.
   */
  endpoint<T = never>(
    filter: PayloadFilter,
    handler: (payload: Payload<T>, from: PeerIdentity) => void | PromiseLike<void>,
    options?: PayloadEndpointOptions<T>,
  ): Disposable;
  /**
   * Sends a payload, at most once, in the order of the calls. `plugin` is added to its record as for endpoints.
   *
   * @throws PeekError `VORTEX_DISCONNECTED`, `VORTEX_NOBODY`, `VORTEX_OVERLOADED` or `VORTEX_MESSAGE_TOO_LARGE` when it was
   *   not sent; `DATA_INVALID` or `DATA_UNENCODABLE` when it cannot be sent; `CONTRACT_INVALID` for an invalid `to`.
   */
  send<T = never>(
    payload: { readonly filt: PayloadFilter; readonly tuple?: TupleType<T>; readonly tuples?: readonly NoInfer<T>[] },
    options: { readonly to: PayloadTarget },
  ): Promise<void>;
}
