import type { PeekError } from "@peek/errors";
import type { ActionType, SelectorValues, TupleType } from "@peek/plugin-base/contracts";

/** A value that changes, in the shape that React's `useSyncExternalStore` expects. */
export interface Store<Value> {
  /** The present value: the same object until it changes. */
  getSnapshot(this: void): Value;
  /** Calls the listener after each change. Returns a function that removes the listener. */
  subscribe(this: void, listener: () => void): () => void;
}

/** The state of a client's connection. */
export interface ConnectionState {
  /**
   * - `connecting`: for the first time.
   * - `live`: connected, and all subscribed data is current.
   * - `stale`: connected, but some subscribed data may be old; see `reason`.
   * - `offline`: the connection was lost; the client reconnects by itself.
   * - `login`: the user has to log in. The client tries again after `reconnect()`, and when the page becomes visible.
   * - `closed`
   */
  readonly status: "connecting" | "live" | "stale" | "offline" | "login" | "closed";
  /** Why the status is not `live`, for people; undefined if it is, or if no reason is known. */
  readonly reason?: string;
  /** When the shown data was last known to be current, by the device's clock; undefined if it is `live`, or never was. */
  readonly asOf?: Date;
  /** The user that the service has named; while offline, on the last connection. */
  readonly user?: { readonly id: string; readonly name: string; readonly anonymous: boolean };
  /** Where actions and cached data are stored. */
  readonly device: DeviceStorageState;
}

/**
 * The state of the device's storage.
 *
 * - `opening`
 * - `device`: data is stored in the device's database.
 * - `memory`: data is stored in the page only, because of a private mode, or by request.
 * - `full`: the device's storage is full. Tuples are not cached, and actions are refused if there is no room for them.
 * - `outdated`: a newer version of the page has upgraded the device's database. Data is stored there, and the page should be reloaded.
 *   If the newer version stores actions differently, actions are refused.
 */
export type DeviceStorageState = "opening" | "device" | "memory" | "full" | "outdated";

/** The state of an observable with one selector. */
export interface ObservableState<T> {
  /** The tuples in the order of their provider, with the optimistic updates of unconfirmed actions. */
  readonly tuples: readonly T[];
  /**
   * - `loading`: there is no data yet; `tuples` is empty.
   * - `device`: the data is from the device's cache; the service has not answered.
   * - `live`: the data is current.
   * - `stale`: the data was current at `asOf`; see `reason`.
   * - `refused`: see `error`; `tuples` is empty.
   */
  readonly status: "loading" | "device" | "live" | "stale" | "refused";
  /** While `stale`: when the data was last known to be current, by the device's clock. */
  readonly asOf?: Date;
  /** While `stale`: the reason, for people. */
  readonly reason?: string;
  readonly error?: PeekError;
}

/**
 * A subscription to an observable, until it is closed. Iterating yields the present state and each later one; a slow reader skips
 * intermediate states and gets the latest one.
 */
export interface Subscription<T> extends Store<ObservableState<T>>, AsyncIterable<ObservableState<T>>, Disposable {
  /** Ends the subscription. */
  close(): void;
}

/** An action that was pushed and is not confirmed. */
export interface PendingAction {
  readonly id: string;
  /** The name of the action's type. */
  readonly type: string;
  readonly action: unknown;
  readonly lane: string;
  /** ISO 8601, UTC. */
  readonly pushedAt: string;
  /**
   * - `queued`: stored on the device.
   * - `sent`: sent to the service, which has not answered.
   * - `rejected`: for good; see `error`. It stays in the list until it is dismissed.
   */
  readonly status: "queued" | "sent" | "rejected";
  /** Why the action was rejected; or, if it was not, why the service has delayed it. */
  readonly error?: { readonly code: string; readonly message: string };
}

/** An action that is stored on the device. */
export interface PushedAction<Result> {
  readonly id: string;
  /** Whether the action survives a reload of the page. */
  readonly durable: boolean;
  /**
   * The handler's result. Rejects with a PeekError: `ACTION_REJECTED` or another code if the action was rejected, `CLIENT_CLOSED` if the
   * client was closed or another user has logged in before; then the action stays on the device.
   */
  readonly result: Promise<Result>;
}

/** The options of `push`. */
export interface PushOptions {
  /** Actions of one lane are executed in order; lanes do not wait for each other. Default: the name of the action's plugin. */
  readonly lane?: string;
}

/** The options of `subscribe`. */
export interface SubscribeOptions {
  /** Whether the device caches the tuples, to show them before the service answers. Default: true. */
  readonly keep?: boolean;
}

/** The options of `connect`. */
export interface ConnectOptions {
  /**
   * `wss://field.example/vortex`, or several: the client takes the next one if one does not answer, or has no session of the user. A
   * site accepts pages of other sites if their origins are among its `allowedOrigins`. Default: the service that serves the page.
   */
  readonly url?: string | readonly string[];
  /** Where to store actions and cached data: in the device's database or in the page's memory. Default: `device`, if there is one. */
  readonly storage?: "device" | "memory";
  /** Keeps the data of several clients of one origin apart. Default: `peek`. */
  readonly name?: string;
  /** Creates the WebSocket. Default: `new WebSocket(url, protocol)`. In Node, it can add headers. */
  readonly open?: (url: string, protocol: string) => WebSocket;
}

/** A connection from a browser or program to a field or office service. */
export interface PeekClient extends Disposable {
  readonly connection: Store<ConnectionState>;
  /** The unconfirmed actions that any tab of this origin has pushed; the oldest first. */
  readonly pending: Store<readonly PendingAction[]>;
  /**
   * Subscribes to an observable.
   *
   * @throws PeekError `CONTRACT_INVALID` for an invalid selector, `CLIENT_CLOSED`.
   */
  subscribe<T>(type: TupleType<T>, selector?: SelectorValues, options?: SubscribeOptions): Subscription<T>;
  /**
   * The state of an observable for which there is a subscription; `loading` if there is none. It asks nothing of the service.
   *
   * @throws PeekError `CONTRACT_INVALID` for an invalid selector.
   */
  stateOf<T>(type: TupleType<T>, selector?: SelectorValues): ObservableState<T>;
  /**
   * Pushes an action, online or offline. When the promise resolves, the device has stored it; it will be executed exactly once.
   *
   * @throws PeekError `DATA_INVALID` if the action does not fit its type; `CLIENT_STORAGE_UNAVAILABLE` if the device cannot store it,
   *   then it was not pushed; `CLIENT_CLOSED`.
   */
  push<T, Input, Result>(
    type: ActionType<T, Input, Result, unknown>,
    action: Input,
    options?: PushOptions,
  ): Promise<PushedAction<Result>>;
  /**
   * Declares that the page uses its version of a type. `push`, `expect` and `useAction` do so too. Stored actions of an earlier version
   * that even this version cannot read are rejected from then on; before, they wait with `ACTION_UPDATE_NEEDED`.
   */
  uses(type: Pick<ActionType<unknown, unknown, unknown, unknown>, "name" | "schema">): void;
  /**
   * Adds an optimistic update: `change` returns the tuples as the action will leave them. It is called for each pending action of the
   * type, in order, with the service's tuples, also after a reload. It is no longer called for an action when the service shows its
   * effect, or has rejected it. It has to be pure.
   *
   * @returns A function that removes the update.
   */
  expect<A, T>(
    action: ActionType<A, never, unknown, never> | ActionType<A, unknown, unknown, unknown>,
    type: TupleType<T>,
    change: (tuples: readonly T[], action: A) => readonly T[],
  ): () => void;
  /**
   * Removes an action from the pending ones, if it was rejected, has the error `ACTION_UPDATE_NEEDED`, or was pushed in this page and
   * never sent. Others stay.
   */
  dismiss(id: string): Promise<void>;
  /** Connects at once instead of at the next attempt; also after a login. */
  reconnect(): void;
  /** Closes the connection and all subscriptions. The data on the device stays. */
  close(): void;
}
