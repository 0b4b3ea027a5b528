import { PeekError } from "@peek/errors";
import type { ActionType, SelectorValues, TupleType } from "@peek/plugin-base/contracts";
import type { ServerMessage, Staleness } from "@peek/live-protocol";
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
import { ChannelRegistry, type ChannelRegistryHost } from "./channels/ChannelRegistry.ts";
import { ObservableSubscription } from "./channels/ObservableSubscription.ts";
import { ConnectionStatus } from "./connection/ConnectionStatus.ts";
import { PageEvents } from "./connection/PageEvents.ts";
import { pageUrl } from "./connection/pageUrl.ts";
import { pageUserHash } from "./connection/pageUserHash.ts";
import { type ConnectionEnd, type Greeting, ServerConnection } from "./connection/ServerConnection.ts";
import { MonotonicClock } from "./MonotonicClock.ts";
import { DeviceStorage } from "./storage/DeviceStorage.ts";
import type { KnownUser } from "./storage/StorageBackend.ts";
import { userHash } from "./storage/userHash.ts";

/** The WebSocket close code of a service that received a too large message. */
const messageTooBig = 1009;

/** Connects the parts of a client: connection, channels, actions, and the device's storage. */
export class LiveClient implements PeekClient {
  readonly #clock = new MonotonicClock();
  readonly #urls: readonly string[];
  readonly #device: DeviceStorage;
  readonly #server: ServerConnection;
  readonly #status: ConnectionStatus;
  readonly #channels: ChannelRegistry;
  readonly #optimistic: OptimisticUpdates;
  readonly #actions: ActionQueue;
  readonly #pageEvents: PageEvents;
  readonly #subscriptions = new Set<Disposable>();
  /** The user that the service has named; undefined before. */
  #user: KnownUser | undefined;
  /** The user that the device remembers for the next page. */
  #rememberedUser: KnownUser | undefined;
  #isClosed = false;

  constructor(options: ConnectOptions) {
    const { url = pageUrl(), storage = "device", name = "peek", open = openSocket } = options;
    this.#urls = typeof url === "string" ? [url] : url;
    if (this.#urls.length === 0)
      throw new PeekError("CONTRACT_INVALID", "The option url of connect() is an empty list.");
    this.#device = new DeviceStorage(`peek.${name}`, storage);
    const { state } = this.#device;
    this.#status = new ConnectionStatus(this.#clock, state.getSnapshot());
    state.subscribe(() => this.#status.update({ device: state.getSnapshot() }));
    this.#server = new ServerConnection(
      { urls: this.#urls, open, now: this.#clock.now },
      {
        greeted: (greeting) => this.#greeted(greeting),
        message: (message) => this.#receive(message),
        isAwaitingState: () => this.#status.isReachingLogic && this.#channels.isAwaitingState,
        suspected: (suspicion) => this.#suspected(suspicion),
        down: (status, reason, end) => this.#down(status, reason, end),
      },
    );
    const host = this.#host();
    this.#channels = new ChannelRegistry(host, this.#device);
    this.#optimistic = new OptimisticUpdates(this.#channels);
    this.#actions = new ActionQueue(`peek.${name}`, host, this.#device, this.#optimistic);
    this.#pageEvents = new PageEvents({
      // The user may have logged in in another tab.
      visible: () => this.#server.wake(),
      hidden: () => this.#channels.flush(),
      used: () => this.#server.requestProbe(),
      online: () => this.#server.networkChanged(),
      offline: () => this.#server.drop("The device has no network"),
    });
    void this.#begin();
    this.#server.connect();
  }

  get connection(): Store<ConnectionState> {
    return this.#status.state;
  }

  get pending(): Store<readonly PendingAction[]> {
    return this.#actions.pending;
  }

  subscribe<T>(type: TupleType<T>, selector: SelectorValues = {}, options: SubscribeOptions = {}): Subscription<T> {
    this.#checkOpen();
    const channel = this.#channels.join(type, selector, options.keep ?? true);
    const subscription: ObservableSubscription<T> = new ObservableSubscription(channel, () => {
      this.#subscriptions.delete(subscription);
      this.#channels.leave(channel);
    });
    this.#subscriptions.add(subscription);
    return subscription;
  }

  stateOf<T>(type: TupleType<T>, selector: SelectorValues = {}): ObservableState<T> {
    const state = this.#channels.find(type.name, selector)?.state.getSnapshot();
    // Names of types are unique.
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
    this.uses(action);
    return this.#optimistic.add({
      action: { name: action.name, schema: action.schema, upgrade: action.upgrade },
      tuple: type.name,
      // It gets tuples of the type only, and actions that the schema has checked.
      change: (tuples, pushed) => change(tuples as readonly T[], pushed as A),
    });
  }

  uses(type: Pick<ActionType<unknown, unknown, unknown, unknown>, "name" | "schema">): void {
    if (!this.#isClosed) this.#actions.types.add(type);
  }

  async dismiss(id: string): Promise<void> {
    this.#checkOpen();
    await this.#actions.dismiss(id);
  }

  reconnect(): void {
    if (this.connection.getSnapshot().status === "login") this.#status.update({ status: "connecting" });
    this.#server.retry();
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#pageEvents[Symbol.dispose]();
    this.#channels.flush();
    this.#server[Symbol.dispose]();
    this.#actions[Symbol.dispose]();
    for (const subscription of this.#subscriptions) subscription[Symbol.dispose]();
    this.#channels[Symbol.dispose]();
    this.#optimistic[Symbol.dispose]();
    this.#device[Symbol.dispose]();
    this.#status.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #host(): ActionQueueHost & ChannelRegistryHost {
    const server = this.#server;
    const status = this.#status;
    return {
      isOpen: () => server.isOpen,
      isReachable: () => server.isOpen && status.suspicion === undefined,
      staleness: () => status.staleness,
      clock: this.#clock,
      // Unsent messages are sent again on the next connection.
      send: (message) => void server.send(message),
      applyOptimistic: (channel, tuples) => this.#optimistic.apply(channel, tuples),
      stalenessChanged: () => this.#showStatus(),
    };
  }

  /** Shows the data that the device has cached for its last user, unless the page has another user. */
  async #begin(): Promise<void> {
    const storage = await this.#device.backend;
    const last = await storage.lastUser().catch(() => undefined);
    if (this.#isClosed) return;
    const lastHash = last && userHash(last.id);
    const hash = pageUserHash(this.#urls) ?? lastHash;
    const user = hash === lastHash ? last : undefined;
    if (this.#user === undefined) {
      if (user !== undefined) this.#status.update({ user });
      this.#channels.setUser(user?.id);
    }
    await this.#actions.begin(storage, this.#user?.id ?? user?.id, hash || undefined);
  }

  #greeted(greeting: Greeting): void {
    const { user } = greeting;
    this.#user = user;
    this.#status.connected();
    this.#status.setUpstream(greeting.upstream, greeting);
    this.#status.showConnected(this.#channels.staleness, user);
    this.#channels.setUser(user.id);
    this.#channels.connected();
    void this.#remember(user);
    void this.#actions.connected(user.id);
  }

  #showStatus(): void {
    if (this.#server.isOpen) this.#status.showConnected(this.#channels.staleness);
  }

  #suspected(suspicion: Staleness | undefined): void {
    this.#status.suspicion = suspicion;
    this.#channels.refresh();
    this.#showStatus();
    this.#actions.reachabilityChanged();
  }

  /** Remembers the user for the next page; without a database, that page shows nothing before the service answers. */
  async #remember(user: KnownUser | undefined): Promise<void> {
    const before = this.#rememberedUser;
    if (user !== undefined && user.id === before?.id && user.name === before.name) return;
    this.#rememberedUser = user;
    const storage = await this.#device.backend;
    await storage.setLastUser(user).catch(() => undefined);
  }

  #receive(message: ServerMessage): void {
    switch (message.t) {
      case "up":
        this.#status.setUpstream(message.on, message);
        this.#channels.upstreamChanged();
        this.#showStatus();
        if (message.on) this.#actions.sender.wake();
        break;
      case "res":
        this.#actions.sender.answered(message.id, message.out);
        break;
      case "err":
        this.#status.serviceError = message.msg;
        break;
      case "hi":
      case "beat":
      case "pulse":
        break;
      default:
        this.#channels.receive(message);
        this.#showStatus();
        if (message.t === "on" || message.t === "off") this.#actions.sender.pump();
    }
  }

  #down(status: "offline" | "login", reason: string, { code, currentAt }: ConnectionEnd): void {
    if (status === "login") void this.#remember(undefined);
    if (code === messageTooBig) this.#actions.sender.tooLarge();
    this.#status.showDown(status, reason, currentAt ?? (this.#user && this.#clock.now()));
    this.#channels.disconnected();
    this.#actions.disconnected();
  }

  #checkOpen(): void {
    if (this.#isClosed) {
      throw new PeekError("CLIENT_CLOSED", "The client was closed. Call connect() for a new one.");
    }
  }
}

function openSocket(url: string, protocol: string): WebSocket {
  return new WebSocket(url, protocol);
}

/** The default lane: actions of one plugin do not wait for those of another. */
function pluginOf(name: string): string {
  return name.slice(0, name.indexOf("."));
}
