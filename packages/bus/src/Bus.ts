import type { Peer, PeerIdentity, PresenceChange, ServiceName } from "@peek/plugin-base";

/** Whether a bus can send. */
export type BusState =
  /** It is connecting, for the first time or again. */
  | "connecting"
  | "connected"
  /** It was disposed. */
  | "closed";

/**
 * Carries texts between running services. What every driver guarantees, and one behaviour suite tests:
 *
 * - **Order**: what one instance sends to another arrives in the order in which it was sent.
 * - **At most once**: a text arrives once or not at all; nothing is ever sent again. It does not arrive when one of the two
 *   is cut off meanwhile, and then the sender is told: the other has `left`, or the sender's own bus is `connecting`.
 * - **Nobody**: sending to an instance that is known to be gone, or while not connected, throws at once.
 * - **Identity**: who a text is from is what the sender's credential says.
 * - **Bounds**: a text has a largest size; a sender whose texts are not taken fast enough gets an error, short texts of up to
 *   1 KiB later than others; a receiver that takes nothing is cut off, one that is slow is not; neither holds memory without
 *   end.
 *
 * All listeners are called one after the other, in the order of the events, never from within `send`, and must not throw.
 */
export interface Bus extends AsyncDisposable {
  /** This process: what its credential says, under the name that it chose for its instance. */
  readonly self: PeerIdentity;
  /** The largest text, in UTF-8 bytes. */
  readonly maxMessageBytes: number;
  readonly state: BusState;
  /** Why it is not connected, in words; undefined while it is, or nothing is known yet. */
  readonly trouble: string | undefined;
  /** Calls when {@link state} has changed. */
  onState(listener: (state: BusState) => void): Disposable;
  /** Takes what is sent to this instance. There is one receiver. */
  onMessage(receiver: (from: PeerIdentity, text: string) => void): void;
  /**
   * Begins to follow who of a service is connected, for as long as the bus lives, also over new connections.
   *
   * @returns When {@link peers} is complete; at once when it is so already. While not connected: at once, with nobody.
   */
  watch(service: ServiceName): Promise<void>;
  /**
   * Who of a watched service is connected, this process among them where it is of that service; in the order in which they
   * were connected. The array is never changed, another takes its place: whoever has seen it can tell by that.
   */
  peers(service: ServiceName): readonly Peer[];
  /**
   * Calls with each change of the watched services, after {@link peers} has it. When this bus loses its connection, all
   * others have `left`. An instance that was told to be gone though it is not watched (a sender without presence) is told by
   * {@link onGone} alone.
   */
  onPresence(listener: (change: PresenceChange) => void): Disposable;
  /**
   * Calls with the name of an instance that is gone, watched or not: what was sent to it and not answered never will be. When
   * this bus loses its connection, it is {@link onState} that tells.
   */
  onGone(listener: (instance: string) => void): Disposable;
  /** Tells all others which RPC contracts are served here now, instead of those told before. */
  announce(serves: readonly string[]): void;
  /**
   * Sends a text to one instance.
   *
   * @throws PeekError `VORTEX_DISCONNECTED`, `VORTEX_NOBODY`, `VORTEX_OVERLOADED`, `VORTEX_MESSAGE_TOO_LARGE`, or
   *   `VORTEX_CLOSED`; it was not sent then.
   */
  send(to: PeerIdentity, text: string): void;
}

/** What a service says of itself when it connects. */
export interface BusMember {
  /** A name for this process of the service, as {@link makeInstanceName} makes it. */
  readonly instance: string;
  /** The version of the service. */
  readonly version: string;
  /** When the process started; ISO 8601, UTC. */
  readonly since: string;
  /**
   * Whether it only looks on: it may send and be answered, but is none of the service's instances, and nobody is told of it.
   * Default: false.
   */
  readonly observer?: boolean;
}
