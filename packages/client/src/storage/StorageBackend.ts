import type { Position } from "@peek/live-protocol";

/** An action that was pushed, as the device stores it. */
export interface ActionRecord {
  /** Rises in the order in which actions were pushed on this device. */
  readonly n: number;
  readonly id: string;
  /** The user who pushed it; undefined until the service has named the user. */
  readonly user?: string;
  /** The {@link userHash} of the assumed user, in case the page never learns its user. */
  readonly supposed?: string;
  /** The tab in which it was pushed. */
  readonly tab: string;
  /** The id of the user's queue on this device, unique among all devices; empty without a user. */
  readonly client: string;
  readonly lane: string;
  /** Rises within client and lane; 0 without a user. */
  readonly seq: number;
  readonly type: string;
  /** As `encode` made it. */
  readonly body: string;
  /** ISO 8601, UTC. */
  readonly at: string;
  /** Set if the action was rejected. */
  readonly error?: { readonly code: string; readonly message: string };
}

/** An action to store. */
export type NewAction = Omit<ActionRecord, "n" | "client" | "seq">;

/** A user, as the service describes it. */
export interface KnownUser {
  readonly id: string;
  readonly name: string;
  readonly anonymous: boolean;
}

/** The cached state of a channel. */
export interface CachedChannel {
  /** The canonical text of its selector. */
  readonly sel: string;
  readonly position: Position;
  /** The tuples, each as JSON. */
  readonly texts: readonly string[];
  /** The length of all texts, in characters. */
  readonly size: number;
}

/** The store of one origin on a device, for all its tabs. Each method is one transaction. */
export interface StorageBackend extends Disposable {
  /** Whether the store survives the page and is shared with other tabs. */
  readonly isShared: boolean;
  lastUser(): Promise<KnownUser | undefined>;
  setLastUser(user: KnownUser | undefined): Promise<void>;
  /** Stores an action. With a user, it gets the next sequence number of its lane. */
  addAction(action: NewAction): Promise<ActionRecord>;
  /** All actions of all users, in the order in which they were pushed. */
  actions(): Promise<readonly ActionRecord[]>;
  /**
   * Assigns actions without a user to a user: actions that were pushed in this tab, that this user is assumed to have pushed, or
   * that no other user is assumed to have pushed.
   *
   * @returns Whether there were any.
   */
  claimActions(user: string, tab: string): Promise<boolean>;
  removeAction(n: number): Promise<void>;
  rejectAction(n: number, error: NonNullable<ActionRecord["error"]>): Promise<void>;
  cachedChannel(user: string, sel: string): Promise<CachedChannel | undefined>;
  /** Caches channels. If there are too many, those are dropped that were not written for the longest time. */
  cacheChannels(user: string, channels: readonly CachedChannel[]): Promise<void>;
  dropChannel(user: string, sel: string): Promise<void>;
  /** Drops the cached channels of all users. */
  dropChannels(): Promise<void>;
  /**
   * Takes or renews the lease of a name, unless another tab has it.
   *
   * @param ms The duration of the lease; 0 returns it.
   * @returns Whether this tab has it.
   */
  lease(name: string, tab: string, ms: number): Promise<boolean>;
}
