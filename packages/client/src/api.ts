import type { PeekError } from "@peek/errors";
import type { ActionType, SelectorValues, TupleType } from "@peek/plugin-base/contracts";

/** Something to look at that changes: the shape that React's `useSyncExternalStore` takes, and others can as well. */
export interface Store<Value> {
  /** The value now: the same object for as long as nothing changes. */
  getSnapshot(this: void): Value;
  /** Calls when it has changed. Returns what ends that. */
  subscribe(this: void, listener: () => void): () => void;
}

/** How a client is connected. */
export interface ConnectionState {
  /**
   * - `connecting`: for the first time.
   * - `live`: with the service, and all that is watched is how things are.
   * - `stale`: with the service, but some of what is watched may be old; see `reason`.
   * - `offline`: it was cut off, and tries again by itself.
   * - `login`: somebody has to log in; it tries again when `reconnect()` is called, or the page is looked at again.
   * - `closed`
   */
  readonly status: "connecting" | "live" | "stale" | "offline" | "login" | "closed";
  /** Why not `live`, for people; undefined when it is, or nothing is known. */
  readonly reason?: string;
  /** Until when things were known to be as they are shown, by the device's clock; undefined when it is `live`, or never was. */
  readonly asOf?: Date;
  /** The user as whom the service knows it; from the last connection while offline. */
  readonly user?: { readonly id: string; readonly name: string; readonly anonymous: boolean };
  /** Where what must survive a reload is kept. */
  readonly device: DeviceStorageState;
}

/**
 * - `opening`
 * - `device`: in the device's database.
 * - `memory`: nowhere else than in this page; a private mode, or it was asked for.
 * - `full`: the device's storage is full. What is shown is not kept, and actions are refused when they cannot be.
 * - `outdated`: a newer version of the page has taken over the device's database. Things are kept there, and the page should be
 *   reloaded. Where the newer version keeps them in another way, actions are refused.
 */
export type DeviceStorageState = "opening" | "device" | "memory" | "full" | "outdated";

/** What is known of what is watched. */
export interface ObservableState<T> {
  /** In the order that the provider gave them, what was pushed and is not confirmed yet included. */
  readonly tuples: readonly T[];
  /**
   * - `loading`: nothing is known yet, `tuples` is empty.
   * - `device`: what the device had kept; the service has not answered.
   * - `live`
   * - `stale`: as things were at `asOf`; see `reason`.
   * - `refused`: see `error`; `tuples` is empty.
   */
  readonly status: "loading" | "device" | "live" | "stale" | "refused";
  /** While `stale`: until when the tuples were known to be how things are, by the device's clock. */
  readonly asOf?: Date;
  /** While `stale`: why, for people. */
  readonly reason?: string;
  readonly error?: PeekError;
}

/** Something that is watched, until it is closed. Iterating gives the state now and then each that follows; a slow reader misses those between. */
export interface Subscription<T> extends Store<ObservableState<T>>, AsyncIterable<ObservableState<T>>, Disposable {
  /** Ends it. */
  close(): void;
}

/** An action that was pushed. */
export interface PendingAction {
  readonly id: string;
  /** The action's type. */
  readonly type: string;
  readonly action: unknown;
  readonly lane: string;
  /** ISO 8601, UTC. */
  readonly pushedAt: string;
  /**
   * - `queued`: on the device.
   * - `sent`: with the service, which has not answered.
   * - `rejected`: for good; see `error`. It stays in the list until it is dismissed.
   */
  readonly status: "queued" | "sent" | "rejected";
  /** Why it was rejected; or, of one that is not, why the service had it wait the last time. */
  readonly error?: { readonly code: string; readonly message: string };
}

/** What `push` gives when the action is safe on the device. */
export interface PushedAction<Result> {
  readonly id: string;
  /** Whether it survives a reload of the page. */
  readonly durable: boolean;
  /**
   * What the handler returned. Rejects with a PeekError, `ACTION_REJECTED` among others, when it was rejected; with `CLIENT_CLOSED`
   * when the client is closed before, or another user has come, though the action stays on the device.
   */
  readonly result: Promise<Result>;
}

/** How `push` is done. */
export interface PushOptions {
  /** Actions of one lane are executed in their order; different lanes do not wait for each other. Default: the name of the action's plugin. */
  readonly lane?: string;
}

/** How a subscription is made. */
export interface SubscribeOptions {
  /** Whether the device keeps the tuples, and shows them before the service answers. Default: true. */
  readonly keep?: boolean;
}

/** How to connect. */
export interface ConnectOptions {
  /**
   * `wss://field.example/vortex`; of several, another is taken when one does not answer, or has no session of the user. A site
   * lets pages of others in whose origins are among its `allowedOrigins`. Default: the page's own service.
   */
  readonly url?: string | readonly string[];
  /** Where to keep what must survive: in the device's database, or in memory only. Default: `device`, where there is one. */
  readonly storage?: "device" | "memory";
  /** Keeps apart what several clients of one page's origin keep. Default: `peek`. */
  readonly name?: string;
  /** Makes the WebSocket. Default: `new WebSocket(url, protocol)`. In Node, one can add headers. */
  readonly open?: (url: string, protocol: string) => WebSocket;
}

/** A connection of a browser, or of a program, with the field or office service. */
export interface PeekClient extends Disposable {
  readonly connection: Store<ConnectionState>;
  /** The actions that were pushed, by any tab of this origin, and are not confirmed; the oldest first. */
  readonly pending: Store<readonly PendingAction[]>;
  /**
   * Watches an observable.
   *
   * @throws PeekError `CONTRACT_INVALID` for a selector that cannot be, `CLIENT_CLOSED`.
   */
  subscribe<T>(type: TupleType<T>, selector?: SelectorValues, options?: SubscribeOptions): Subscription<T>;
  /**
   * What is known of an observable, as far as somebody watches it already; `loading` otherwise. Nothing is asked of the service.
   *
   * @throws PeekError `CONTRACT_INVALID` for a selector that cannot be.
   */
  stateOf<T>(type: TupleType<T>, selector?: SelectorValues): ObservableState<T>;
  /**
   * Pushes an action, online or not. It is on the device when the promise resolves, and executed exactly once.
   *
   * @throws PeekError `DATA_INVALID` when it does not fit its type; `CLIENT_STORAGE_UNAVAILABLE` when the device cannot keep it
   *   (it was not pushed); `CLIENT_CLOSED`.
   */
  push<T, Input, Result>(
    type: ActionType<T, Input, Result, unknown>,
    action: Input,
    options?: PushOptions,
  ): Promise<PushedAction<Result>>;
  /**
   * Shows what an action is going to do before it is done: `change` gives the tuples as they will be. It is asked for each
   * action of the type that is pending, in their order, over whatever the service says, also after a reload; and not any more
   * as soon as the service shows the effect, or has rejected the action. Must be pure.
   *
   * @returns What ends that.
   */
  expect<A, T>(
    action: ActionType<A, never, unknown, never> | ActionType<A, unknown, unknown, unknown>,
    type: TupleType<T>,
    change: (tuples: readonly T[], action: A) => readonly T[],
  ): () => void;
  /**
   * Takes an action from the list of those pending that was rejected, or that was pushed in this page and has not been sent by
   * any; another stays.
   */
  dismiss(id: string): Promise<void>;
  /** Connects at once, instead of at the next try; after a login too. */
  reconnect(): void;
  /** Ends all; what is on the device stays there. */
  close(): void;
}
