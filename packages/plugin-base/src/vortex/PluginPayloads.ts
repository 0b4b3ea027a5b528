import type { ServiceName } from "../common/services.ts";
import type { TupleType } from "../contracts/TupleType.ts";
import type { PeerIdentity } from "./Peer.ts";

/** The routing record of a payload: flat, of texts, numbers and booleans. */
export type PayloadFilter = Readonly<Record<string, string | number | boolean>>;

/** Tuples with a routing record. */
export interface Payload<T> {
  readonly filt: PayloadFilter;
  readonly tuples: readonly T[];
}

/** Who gets a payload: any one instance of a service, one in particular, or all of a service. */
export type PayloadTarget = ServiceName | PeerIdentity | { readonly all: ServiceName };

/** How payloads are received. */
export interface PayloadEndpointOptions<T> {
  /** What the tuples are; a payload of others is refused and logged. Default: payloads without tuples. */
  readonly tuple?: TupleType<T>;
  /** The services whose payloads are taken, at least one. Default: all. */
  readonly acceptOnlyFrom?: ServiceName | readonly ServiceName[];
}

/** Messages without an answer, routed by what they say of themselves. */
export interface PluginPayloads {
  /**
   * Receives every payload whose record has all that `filter` has, with the same values; it may have more. `plugin` is
   * added to the filter with this plugin's name unless it says otherwise. Ends with the plugin, or when what is returned
   * is disposed: then no handler begins any more, and the plugin's phase does not end before those that run. 100 handlers run
   * at a time. Up to 10,000 payloads wait for their turn, of 64 MiB over all endpoints; what comes beyond that is dropped and
   * logged. An error of the handler is logged.
   *
   * @throws PeekError `DATA_INVALID` when the filter is none, `CONTRACT_INVALID` when `acceptOnlyFrom` is wrong.
   */
  endpoint<T = never>(
    filter: PayloadFilter,
    handler: (payload: Payload<T>, from: PeerIdentity) => void | PromiseLike<void>,
    options?: PayloadEndpointOptions<T>,
  ): Disposable;
  /**
   * Sends a payload, at most once, in the order of the calls. `plugin` is added to its record as for endpoints.
   *
   * @throws PeekError `VORTEX_DISCONNECTED`, `VORTEX_NOBODY`, `VORTEX_OVERLOADED` or `VORTEX_MESSAGE_TOO_LARGE` when it
   *   was not sent; `DATA_INVALID` or `DATA_UNENCODABLE` when it cannot be; `CONTRACT_INVALID` when `to` is none.
   */
  send<T = never>(
    payload: { readonly filt: PayloadFilter; readonly tuple?: TupleType<T>; readonly tuples?: readonly NoInfer<T>[] },
    options: { readonly to: PayloadTarget },
  ): Promise<void>;
}
