import type { Peer, PeerIdentity, PresenceChange, ServiceName } from "@peek/plugin-base";

/** Whether a bus can send. */
export type BusState =
  /** It connects for the first time, or again. */
  | "connecting"
  | "connected"
  /** It was disposed. */
  | "closed";

/**
 * Carries messages between running services. A message is one line of text. Every driver guarantees the following, and one
 * behaviour suite tests it:
 *
 * - **Order**: the messages from one instance to another arrive in the order in which they were sent.
 * - **At most once**: a message arrives once or not at all, and is never sent again. It is lost only when one of the two instances
 *   loses its connection, and then the sender is notified: the receiver has `left`, or the sender's own bus is `connecting`.
 * - **No silent loss**: sending to an instance that is known to be gone, or while not connected, throws at once.
 * - **Identity**: the sender of a message is determined by its credential.
 * - **Bounds**: a message has a maximum size. A sender whose messages are not taken fast enough gets an error; messages of up to
 *   1 KiB get it later than longer ones. A receiver that takes nothing is disconnected, a slow one is not. Neither consumes
 *   unlimited memory.
 *
 * Listeners are called one after the other, in the order of the events, never from within `send`, and must not throw.
 */
export interface Bus extends AsyncDisposable {
  /** This process: the service of its credential, and the instance name that it chose. */
  readonly self: PeerIdentity;
  /** The largest message, in UTF-8 bytes. */
  readonly maxMessageBytes: number;
  readonly state: BusState;
  /** Why the bus is not connected: the middle of a sentence. Undefined while it is connected, or the reason is not known. */
  readonly disconnectReason: string | undefined;
  /** Adds a listener to changes of {@link state}. */
  onState(listener: (state: BusState) => void): Disposable;
  /** Sets the receiver of all messages to this instance. There is only one. */
  onMessage(receiver: (from: PeerIdentity, message: string) => void): void;
  /**
   * Watches which instances of a service are connected, until the bus is disposed, also over new connections.
   *
   * @returns Settles when {@link peers} is complete. While the bus is not connected: at once, with no peers.
   */
  watch(service: ServiceName): Promise<void>;
  /**
   * The connected instances of a watched service, this process included, in the order in which they connected. The array never
   * changes: another one replaces it, so its identity tells whether the peers have changed.
   */
  peers(service: ServiceName): readonly Peer[];
  /**
   * Adds a listener to changes of the watched services. It is called after {@link peers} has changed. When this bus loses its
   * connection, all other instances leave. The end of an instance without presence (an observer) is only reported by
   * {@link onGone}.
   */
  onPresence(listener: (change: PresenceChange) => void): Disposable;
  /**
   * Adds a listener to the ends of instances, watched or not: messages to such an instance that it has not answered never will be
   * answered. When this bus loses its connection, only {@link onState} reports it.
   */
  onGone(listener: (instance: string) => void): Disposable;
  /** Announces the RPC contracts that this process serves now, in place of those announced before. */
  announce(serves: readonly string[]): void;
  /**
   * Sends a message to one instance.
   *
   * @throws PeekError `VORTEX_DISCONNECTED`, `VORTEX_NOBODY`, `VORTEX_OVERLOADED`, `VORTEX_MESSAGE_TOO_LARGE`, or
   *   `VORTEX_CLOSED`. The message was not sent then.
   */
  send(to: PeerIdentity, message: string): void;
}

/** A service's introduction of itself when it connects. */
export interface BusMember {
  /** The name of this process, as {@link makeInstanceName} makes it. */
  readonly instance: string;
  /** The version of the service. */
  readonly version: string;
  /** When the process started; ISO 8601, UTC. */
  readonly since: string;
  /**
   * Whether the process only observes. It may send and be answered, but is no instance of the service, and peers are not notified
   * of it. Default: false.
   */
  readonly observer?: boolean;
}
