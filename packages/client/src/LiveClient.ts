import { PeekError } from "@peek/errors";
import type { ActionType, SelectorValues, TupleType } from "@peek/plugin-base/contracts";
import { earlierStaleness, type ServerMessage, type Staleness } from "@peek/live-protocol";
import { ActionQueue, type ActionQueueHost } from "./actions/ActionQueue.ts";
import { OptimisticUpdates } from "./actions/OptimisticUpdates.ts";
import type {
  ConnectionState,
  ConnectOptions,
  ObservableState,
  PeekClient,
  PendingAction,
  PushedAction,
  PushOptions,
  Store,
  SubscribeOptions,
  Subscription,
} from "./api.ts";
import { ObservableValue } from "./ObservableValue.ts";
import { ChannelRegistry, type ChannelRegistryHost } from "./channels/ChannelRegistry.ts";
import { ObservableSubscription } from "./channels/ObservableSubscription.ts";
import { type Greeting, ServerConnection, type ConnectionEnd } from "./connection/ServerConnection.ts";
import { PageEvents } from "./connection/PageEvents.ts";
import { pageUrl } from "./connection/pageUrl.ts";
import { MonotonicClock } from "./MonotonicClock.ts";
import { DeviceStorage } from "./storage/DeviceStorage.ts";
import type { KnownUser } from "./storage/StorageBackend.ts";
import { pageUserHash, userHash } from "./storage/userHash.ts";

/** A connection with the service, and all that is kept over it. */
export class LiveClient implements PeekClient {
  readonly #device: DeviceStorage;
  readonly #server: ServerConnection;
  readonly #channels: ChannelRegistry;
  readonly #forecast: OptimisticUpdates;
  readonly #actions: ActionQueue;
  readonly #signs: PageEvents;
  readonly #connection: ObservableValue<ConnectionState>;
  readonly #watches = new Set<Disposable>();
  readonly #urls: readonly string[];
  /** As whom the service knows this page; undefined until it has said so. */
  #user: KnownUser | undefined;
  /** Whom the device was told to remember. */
  #remembered: KnownUser | undefined;
  readonly #clock = new MonotonicClock();
  /** Set while the service does not know how things are. */
  #upstream: Staleness | undefined;
  /** Set while it is doubted that things are as the service has said. */
  #doubt: Staleness | undefined;
  /** Set while there is no connection, after there was one. */
  #cut: Staleness | undefined;
  /** What the service had against something that was sent: it often ends the connection after that. */
  #complaint: string | undefined;
  #isClosed = false;

  constructor(options: ConnectOptions) {
    const { url = pageUrl(), storage = "device", name = "peek", open = openSocket } = options;
    const urls = typeof url === "string" ? [url] : url;
    if (urls.length === 0) throw new PeekError("CONTRACT_INVALID", "connect() needs a url, or none at all.");
    this.#urls = urls;
    this.#device = new DeviceStorage(`peek.${name}`, storage);
    this.#connection = new ObservableValue<ConnectionState>({
      status: "connecting",
      device: this.#device.state.getSnapshot(),
    });
    this.#device.state.subscribe(() => this.#set({ device: this.#device.state.getSnapshot() }));
    this.#server = new ServerConnection(
      { urls, open, now: this.#clock.now },
      {
        greeted: (greeting) => this.#greeted(greeting),
        message: (message) => this.#receive(message),
        isAwaiting: () => this.#upstream === undefined && this.#channels.isAwaiting,
        doubted: (doubt) => this.#doubted(doubt),
        down: (status, reason, end) => this.#down(status, reason, end),
      },
    );
    const host = this.#host();
    this.#channels = new ChannelRegistry(host, this.#device);
    this.#forecast = new OptimisticUpdates(this.#channels);
    this.#actions = new ActionQueue(`peek.${name}`, host, this.#device, this.#forecast);
    this.#signs = new PageEvents({
      // Somebody may have logged in again, in another tab.
      wake: () => this.#server.wake(),
      used: () => this.#server.probe(),
      online: () => this.#server.renew(),
      cutOff: () => this.#server.drop("The device has no network"),
      hide: () => this.#channels.flush(),
    });
    void this.#begin();
    this.#server.connect();
  }

  get connection(): Store<ConnectionState> {
    return this.#connection;
  }

  get pending(): Store<readonly PendingAction[]> {
    return this.#actions.list.pending;
  }

  subscribe<T>(type: TupleType<T>, selector: SelectorValues = {}, options: SubscribeOptions = {}): Subscription<T> {
    this.#checkOpen();
    const channel = this.#channels.watch(type, selector, options.keep ?? true);
    const watch: ObservableSubscription<T> = new ObservableSubscription(channel, () => {
      this.#watches.delete(watch);
      this.#channels.leave(channel);
    });
    this.#watches.add(watch);
    return watch;
  }

  stateOf<T>(type: TupleType<T>, selector: SelectorValues = {}): ObservableState<T> {
    const state = this.#channels.find(type.name, selector)?.state.getSnapshot();
    // There is one type of a name.
    return (state ?? { tuples: [], status: "loading" }) as ObservableState<T>;
  }

  async push<T, Input, Result>(
    type: ActionType<T, Input, Result, unknown>,
    action: Input,
    options: PushOptions = {},
  ): Promise<PushedAction<Result>> {
    this.#checkOpen();
    return this.#actions.push(type, action, options.lane ?? pluginOf(type.name));
  }

  expect<A, T>(
    action: ActionType<A, never, unknown, never> | ActionType<A, unknown, unknown, unknown>,
    type: TupleType<T>,
    change: (tuples: readonly T[], action: A) => readonly T[],
  ): () => void {
    this.#checkOpen();
    return this.#forecast.expect({
      action: { name: action.name, schema: action.schema },
      tuple: type.name,
      // It is given tuples of the type, and actions that the schema has checked.
      change: (tuples, pushed) => change(tuples as readonly T[], pushed as A),
    });
  }

  async dismiss(id: string): Promise<void> {
    this.#checkOpen();
    await this.#actions.dismiss(id);
  }

  reconnect(): void {
    if (this.#connection.getSnapshot().status === "login") this.#set({ status: "connecting" });
    this.#server.retry();
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#signs[Symbol.dispose]();
    this.#channels.flush();
    this.#server[Symbol.dispose]();
    this.#actions[Symbol.dispose]();
    for (const watch of this.#watches) watch[Symbol.dispose]();
    this.#channels[Symbol.dispose]();
    this.#forecast[Symbol.dispose]();
    this.#device[Symbol.dispose]();
    this.#set({ status: "closed" });
    this.#connection.release();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #host(): ActionQueueHost & ChannelRegistryHost {
    const isOpen = (): boolean => this.#server.isOpen;
    const isHeard = (): boolean => this.#server.isOpen && this.#doubt === undefined;
    const staleness = (): Staleness | undefined => this.#staleness;
    return {
      get isOpen() {
        return isOpen();
      },
      get isHeard() {
        return isHeard();
      },
      get staleness() {
        return staleness();
      },
      clock: this.#clock,
      // What is not handed over is said again on the next connection.
      send: (message) => void this.#server.send(message),
      applyOptimistic: (channel, tuples) => this.#forecast.applyOptimistic(channel, tuples),
      staled: () => this.#staled(),
    };
  }

  /** Shows what the device has for its last user, unless the page is of somebody else. */
  async #begin(): Promise<void> {
    const storage = await this.#device.storage;
    const last = await storage.lastUser().catch(() => undefined);
    if (this.#isClosed) return;
    const lastMark = last && userHash(last.id);
    const mark = pageUserHash(this.#urls) ?? lastMark;
    const user = mark === lastMark ? last : undefined;
    if (this.#user === undefined) {
      if (user !== undefined) this.#set({ user });
      this.#channels.belongTo(user?.id);
    }
    await this.#actions.begin(storage, this.#user?.id ?? user?.id, mark || undefined);
  }

  /** Set while what is shown is not known to be current, whatever of it. */
  get #staleness(): Staleness | undefined {
    return earlierStaleness(this.#cut, earlierStaleness(this.#doubt, this.#upstream));
  }

  #greeted(greeting: Greeting): void {
    const { user } = greeting;
    this.#user = user;
    this.#cut = undefined;
    this.#doubt = undefined;
    this.#upstream = this.#upstreamOf(greeting.upstream, greeting);
    this.#set({ user, ...this.#statusNow() });
    this.#channels.belongTo(user.id);
    this.#channels.opened();
    void this.#remember(user);
    void this.#actions.opened(user.id);
  }

  /** How it is connected, while it is. */
  #statusNow(): Pick<ConnectionState, "status" | "reason" | "asOf"> {
    const staleness = earlierStaleness(this.#staleness, this.#channels.staleness);
    if (staleness === undefined) return { status: "live" };
    return { status: "stale", reason: staleness.reason, asOf: this.#clock.dateOf(staleness.at) };
  }

  #staled(): void {
    if (this.#server.isOpen) this.#set(this.#statusNow());
  }

  #upstreamOf(isOn: boolean, { age = 0, why = noLogic }: { readonly age?: number; readonly why?: string }) {
    return isOn ? undefined : { at: this.#clock.now() - age, reason: why };
  }

  #doubted(doubt: Staleness | undefined): void {
    this.#doubt = doubt;
    this.#channels.refresh();
    this.#set(this.#statusNow());
    this.#actions.heard();
  }

  /** @param user Undefined: nobody any more. */
  async #remember(user: KnownUser | undefined): Promise<void> {
    const before = this.#remembered;
    if (user !== undefined && user.id === before?.id && user.name === before.name) return;
    this.#remembered = user;
    const storage = await this.#device.storage;
    // The next page of a device that cannot keep it shows nothing before the service answers.
    await storage.setLastUser(user).catch(() => undefined);
  }

  #receive(message: ServerMessage): void {
    switch (message.t) {
      case "up":
        this.#upstream = this.#upstreamOf(message.on, message);
        this.#channels.upstream();
        this.#set(this.#statusNow());
        if (message.on) this.#actions.sender.wake();
        break;
      case "res":
        this.#actions.sender.answered(message.id, message.out);
        break;
      case "err":
        this.#complaint = message.msg;
        break;
      case "hi":
      case "beat":
      case "pulse":
        break;
      default:
        this.#channels.receive(message);
        this.#staled();
        if (message.t === "on" || message.t === "off") this.#actions.sender.pump();
    }
  }

  #down(status: "offline" | "login", reason: string, { code, knownAt }: ConnectionEnd): void {
    // Of several attempts, the first that was cut says since when.
    const at =
      this.#cut?.at ??
      earlierStaleness(this.#doubt, this.#upstream)?.at ??
      knownAt ??
      (this.#user && this.#clock.now());
    this.#upstream = undefined;
    this.#doubt = undefined;
    if (status === "login") void this.#remember(undefined);
    if (code === messageTooBig) this.#actions.sender.tooLarge();
    const why = this.#complaint ?? reason;
    this.#complaint = undefined;
    this.#cut = at === undefined ? undefined : { at, reason: why };
    this.#set({ status, reason: why, ...(at !== undefined && { asOf: this.#clock.dateOf(at) }) });
    this.#channels.cut();
    this.#actions.cut();
  }

  /** A new status is without the old one's reason and time. */
  #set(change: Partial<ConnectionState>): void {
    const before = this.#connection.getSnapshot();
    const { reason: _reason, asOf: _asOf, ...rest } = before;
    const state: ConnectionState = { ...(change.status === undefined ? before : rest), ...change };
    const keys = Object.keys({ ...before, ...state }) as (keyof ConnectionState)[];
    if (!keys.every((key) => isSame(state[key], before[key]))) this.#connection.set(state);
  }

  #checkOpen(): void {
    if (this.#isClosed) throw new PeekError("CLIENT_CLOSED", "The client was closed. Make a new one by connect().");
  }
}

/** Times are the same where nobody could tell them apart: each is worked out anew from how long ago it was. */
function isSame(one: unknown, other: unknown): boolean {
  if (one instanceof Date && other instanceof Date) return Math.abs(one.getTime() - other.getTime()) < sameMs;
  return one === other;
}

const sameMs = 500;
/** The close code of WebSockets. */
const messageTooBig = 1009;
const noLogic = "The service does not reach logic";

function openSocket(url: string, protocol: string): WebSocket {
  return new WebSocket(url, protocol);
}

/** What is pushed of one plugin does not wait for what another cannot do. */
function pluginOf(name: string): string {
  return name.slice(0, name.indexOf("."));
}
