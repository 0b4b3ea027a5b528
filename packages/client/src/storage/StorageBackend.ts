import type { Position } from "@peek/live-protocol";

/** An action that was pushed, as the device keeps it. */
export interface ActionRecord {
  /** In which order actions were pushed on this device. */
  readonly n: number;
  readonly id: string;
  /** Whose it is; undefined until the service has told the page in which it was pushed. */
  readonly user?: string;
  /** The mark of whose it is if that page never learns it. */
  readonly supposed?: string;
  /** The tab in which it was pushed. */
  readonly tab: string;
  /** The queue of this user on this device; empty without a user. */
  readonly client: string;
  readonly lane: string;
  /** Rises within client and lane; 0 without a user. */
  readonly seq: number;
  readonly type: string;
  /** As `encode` has made it. */
  readonly body: string;
  /** ISO 8601, UTC. */
  readonly at: string;
  /** Why it was rejected. */
  readonly error?: { readonly code: string; readonly message: string };
}

/** An action that the device is to keep. */
export type NewAction = Omit<ActionRecord, "n" | "client" | "seq">;

/** A user of the service, as it tells. */
export interface KnownUser {
  readonly id: string;
  readonly name: string;
  readonly anonymous: boolean;
}

/** What is kept of a channel. */
export interface CachedChannel {
  /** The canonical text of its selector. */
  readonly sel: string;
  readonly position: Position;
  /** The tuples, each as JSON. */
  readonly texts: readonly string[];
  /** How long the texts are together, in characters. */
  readonly size: number;
}

/** What a device keeps for all tabs of a page's origin. Each method is one transaction. */
export interface StorageBackend extends Disposable {
  /** Whether what it keeps survives the page, and other tabs see it. */
  readonly isShared: boolean;
  lastUser(): Promise<KnownUser | undefined>;
  setLastUser(user: KnownUser | undefined): Promise<void>;
  /** Keeps an action; one with a user gets the next number of its lane. */
  addAction(action: NewAction): Promise<ActionRecord>;
  /** All actions of all users, in the order in which they were pushed. */
  actions(): Promise<readonly ActionRecord[]>;
  /**
   * Gives to a user what has none yet: what was pushed in this tab, what was supposed to be theirs, and what nobody else is
   * supposed to have pushed.
   *
   * @returns Whether there was any.
   */
  adopt(user: string, tab: string): Promise<boolean>;
  removeAction(n: number): Promise<void>;
  rejectAction(n: number, error: NonNullable<ActionRecord["error"]>): Promise<void>;
  channel(user: string, sel: string): Promise<CachedChannel | undefined>;
  /** Keeps channels; those that have not been for the longest time go when they are too many. */
  cacheChannels(user: string, channels: readonly CachedChannel[]): Promise<void>;
  dropChannel(user: string, sel: string): Promise<void>;
  /** Drops what is kept of all channels of all users. */
  dropChannels(): Promise<void>;
  /**
   * Takes or renews the lease of a name, unless another tab has it.
   *
   * @param ms How long it is to last; 0 gives it back.
   * @returns Whether this tab has it.
   */
  lease(name: string, tab: string, ms: number): Promise<boolean>;
}
