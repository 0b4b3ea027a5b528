import { messageOf, PeekError } from "@peek/errors";
import type { Logger } from "@peek/plugin-base";
import type { TupleSelector } from "@peek/plugin-base/contracts";
import type { LogThrottle, Semaphore } from "@peek/kit";
import { isSamePosition, type Position, type Resume, type Staleness } from "@peek/live-protocol";
import { pluginUpdating } from "../../channel/pluginUpdating.ts";
import type { RingBudget } from "../../channel/RingBudget.ts";
import type { ChannelUpdate } from "../../rpc/ObservablesRpc.ts";
import { isOutage } from "../logic/isOutage.ts";
import type { LogicClient } from "../logic/LogicClient.ts";
import { logicNotReached } from "../logic/LogicMonitor.ts";
import type { ChannelMessage } from "./ChannelMessage.ts";
import { ChannelReplica } from "./ChannelReplica.ts";
import { ChannelStaleness } from "./ChannelStaleness.ts";
import { LogicStream, type LogicStreamOwner } from "./LogicStream.ts";

/** Identifies a channel. An admission decides its {@link ChannelScope}. */
export interface ChannelName extends ChannelScope {
  readonly selector: TupleSelector;
}

/** The scope that a user was admitted to. */
export interface ChannelScope {
  readonly scope: string;
  /** Whether logic decides for each user who may watch. */
  readonly guarded: boolean;
}

/** A subscription, as its channel knows it. */
export interface ChannelSubscriber {
  /** The session on whose behalf the channel can be followed. */
  readonly session: { readonly proof: string; readonly ended: AbortSignal };
  /**
   * The tuples have changed: a subscriber at `from` is to be sent `message`.
   *
   * @param isLogicStale As {@link GatewayChannel.isLogicStale}.
   */
  onMessage(from: Position, message: ChannelMessage, isLogicStale: boolean): void;
  /** The key, trouble, staleness or liveness has changed, or there are tuples for the first time. */
  onStatus(): void;
  /** The channel is live, and was not before. {@link onMessage} or {@link onStatus} follows. */
  onLive(): void;
  /** The channel begins anew, without tuples: the key of its tuples is another one. */
  onRestart(): void;
  /** Whether it may watch has to be asked anew. */
  readmit(): void;
  /** Ends it, for a reason that its browser is notified of. */
  refuse(code: string, message: string): void;
}

/** The parts of a gateway that all its channels use. */
export interface GatewayChannelContext {
  readonly logic: LogicClient;
  /** Limits how many streams are being opened at a time. */
  readonly opening: Semaphore;
  readonly budget: RingBudget;
  readonly logger: Logger;
  readonly logThrottle: LogThrottle;
  /** How long a channel is followed after its last subscriber has left. */
  readonly lingerMs: number;
}

/** The events of a {@link GatewayChannel} for its registry. */
export interface GatewayChannelEvents {
  /** The channel has had no subscriber for long, or none that may watch. */
  onIdle(): void;
  /** Rights have changed, so that subscribers have to be admitted anew. */
  onAdmissionsOutdated(): void;
}

/** A channel of logic, followed by one stream for all browsers of this gateway that have subscribed to it. */
export class GatewayChannel implements LogicStreamOwner, AsyncDisposable {
  /** Names the channel to browsers; never used again for another. */
  readonly number: number;
  readonly #context: GatewayChannelContext;
  readonly #name: ChannelName;
  readonly #events: GatewayChannelEvents;
  #replica: ChannelReplica;
  readonly #subscribers = new Set<ChannelSubscriber>();
  readonly #staleness = new ChannelStaleness(() => this.#statusChanged());
  readonly #stream: LogicStream;
  #isLive = false;
  /** Whether the subscribers know that the channel is live. */
  #wasLive = false;
  #isAdmissionOutdated = false;
  /** Whether the plugin is suspended on logic, which has ended the stream. */
  #isUpdating = false;
  /** Whether the tuples of before an update are stale until logic has confirmed them. */
  #isUnconfirmed = false;
  /** Of the logic services, when the channel was last confirmed. */
  #generation = -1;
  #trouble: { readonly code: string; readonly message: string } | undefined;
  #linger: NodeJS.Timeout | undefined;

  constructor(context: GatewayChannelContext, number: number, name: ChannelName, events: GatewayChannelEvents) {
    this.#context = context;
    this.number = number;
    this.#name = name;
    this.#events = events;
    this.#replica = this.#newReplica();
    this.#stream = new LogicStream(this, context.opening);
  }

  get selector(): TupleSelector {
    return this.#name.selector;
  }

  get scope(): string {
    return this.#name.scope;
  }

  get guarded(): boolean {
    return this.#name.guarded;
  }

  get subscribers(): ReadonlySet<ChannelSubscriber> {
    return this.#subscribers;
  }

  /** The key fields of its tuples; undefined until logic has answered for the first time. */
  get key(): readonly string[] | undefined {
    return this.#replica.key;
  }

  /** Undefined until there are tuples. */
  get position(): Position | undefined {
    return this.#replica.position;
  }

  /** Whether it is followed, and logic has confirmed the tuples. */
  get isLive(): boolean {
    return this.#isLive;
  }

  /** Why it cannot be followed: logic does not provide it, or its provider fails. It is tried again. */
  get trouble(): { readonly code: string; readonly message: string } | undefined {
    return this.#trouble;
  }

  /**
   * Set while its tuples are not known to be current, because logic says so, or because it is not followed. The same object
   * as long as nothing has changed; by `performance.now()`.
   */
  get staleness(): Staleness | undefined {
    return this.#staleness.current;
  }

  /** Whether it is unknown how current anything is that logic has sent. */
  get isLogicStale(): boolean {
    return this.#context.logic.staleness !== undefined;
  }

  /** Whether logic has said that the subscribers were admitted wrongly: nothing is followed for them. */
  get isAdmissionOutdated(): boolean {
    return this.#isAdmissionOutdated;
  }

  subscribe(subscriber: ChannelSubscriber): void {
    clearTimeout(this.#linger);
    this.#subscribers.add(subscriber);
  }

  unsubscribe(subscriber: ChannelSubscriber): void {
    if (!this.#subscribers.delete(subscriber) || this.#subscribers.size > 0 || this.#stream.isClosed) return;
    if (this.#isAdmissionOutdated) this.#events.onIdle();
    else this.#linger = setTimeout(() => this.#events.onIdle(), this.#context.lingerMs).unref();
  }

  /**
   * The messages that bring a browser to the channel's position, in order; none when it is there. The same objects for all that
   * come from the same position.
   *
   * @param at Where the browser is; undefined: nowhere.
   */
  catchUp(at: Resume | undefined): readonly ChannelMessage[] {
    return this.#replica.catchUp(at);
  }

  /** The message that confirms its tuples to a browser at the channel's position; none when there are no tuples. */
  confirmation(): readonly ChannelMessage[] {
    return this.#replica.unchanged();
  }

  /** Follows it again now, if that has failed. */
  retry(): void {
    if (this.#trouble !== undefined || this.#isAdmissionOutdated || this.#isUpdating) this.#stream.retry();
  }

  /** The plugin is suspended on this service: the tuples stay, and are stale until {@link resume}. */
  suspend(): void {
    this.#staleness.suspend(pluginUpdating);
    this.#statusChanged();
  }

  resume(): void {
    this.#staleness.resume();
    this.#statusChanged();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearTimeout(this.#linger);
    this.#staleness[Symbol.dispose]();
    await this.#stream[Symbol.asyncDispose]();
    this.#replica[Symbol.dispose]();
  }

  sessionProof(except: string | undefined): string | undefined {
    let second: string | undefined;
    for (const { session } of this.#subscribers) {
      if (session.ended.aborted) continue;
      if (session.proof !== except) return session.proof;
      second = session.proof;
    }
    return second;
  }

  open(proof: string, signal: AbortSignal): AsyncIterable<ChannelUpdate> {
    const { position: at } = this.#replica;
    const { selector, scope, guarded } = this.#name;
    const { logic } = this.#context;
    const resume = at === undefined ? undefined : { ...at, digest: this.#digestFor(logic) };
    return logic.follow({ proof, selector: selector.canonical(), scope, guarded, at: resume }, signal);
  }

  onUpdate(update: ChannelUpdate): boolean {
    switch (update.k) {
      case "open":
        return this.#opened(update);
      case "invalid":
        this.#failed("DATA_INVALID", update.message);
        return false;
      case "stale":
        this.#report({ at: performance.now() - update.age, reason: update.why });
        this.#statusChanged();
        return true;
      case "current":
        this.#report(undefined);
        this.#statusChanged();
        return true;
      case "lapsed":
        return false;
      default:
        this.#apply(update);
        return true;
    }
  }

  onRefused(): void {
    this.#isAdmissionOutdated = true;
    this.#events.onAdmissionsOutdated();
  }

  onEnd(reopens: boolean): void {
    if (!this.#isLive || this.#stream.isClosed) return;
    this.#staleness.lost(this.#context.logic.knownAt, () => this.#trouble?.message ?? this.#lossReason);
    // Subscribers need not know on whose behalf it is followed.
    if (reopens) return;
    this.#isLive = false;
    this.#statusChanged();
  }

  onError(error: unknown): void {
    // Subscribers learn that the tuples are stale, and nothing else.
    this.#isUpdating = PeekError.is(error) && error.code === "PLUGIN_UPDATING";
    if (this.#isUpdating) {
      const at = this.#staleness.current?.at ?? performance.now();
      this.#staleness.report({ at, reason: pluginUpdating });
      this.#statusChanged();
    }
    if (isOutage(error)) return;
    const isKnown = PeekError.is(error);
    const code = isKnown ? error.code : "INTERNAL";
    const message = messageOf(error);
    const { logger, logThrottle } = this.#context;
    const { name } = this.selector;
    const suppressed = logThrottle.count(`follow ${name} ${code}`);
    if (suppressed !== undefined) {
      logger.warning(
        { code, ...(!isKnown && { err: error }) },
        "Failed to follow %s; trying again: %s%s",
        name,
        message,
        suppressed,
      );
    }
    this.#failed(code, message);
  }

  get #lossReason(): string {
    return this.#isUpdating ? pluginUpdating : logicNotReached;
  }

  /** Logic keeps its latest steps: it needs the digest, which takes time, only when it was started again. */
  #digestFor({ generation }: LogicClient): string {
    return generation === this.#generation ? "" : this.#replica.digest;
  }

  /** Returns whether the stream goes on. */
  #opened({ key, guarded }: ChannelUpdate & { readonly k: "open" }): boolean {
    // Logic reports it again if it still holds.
    this.#isUnconfirmed = this.#isUpdating;
    this.#isUpdating = false;
    if (!this.#isUnconfirmed) this.#staleness.report(undefined);
    this.#isAdmissionOutdated = guarded !== this.guarded;
    if (this.#isAdmissionOutdated) {
      this.#trouble = undefined;
      this.#events.onAdmissionsOutdated();
      return false;
    }
    const opened = this.#replica.open(key);
    if (opened === "new") this.#statusChanged();
    if (opened === "other") this.#restart();
    return opened !== "other";
  }

  /** Forgets all tuples. The stream is opened again, and brings those with the new key. */
  #restart(): void {
    this.#replica[Symbol.dispose]();
    this.#replica = this.#newReplica();
    for (const each of this.#subscribers) each.onRestart();
  }

  #newReplica(): ChannelReplica {
    return new ChannelReplica(this.selector.name, this.number, this.#context.budget);
  }

  #apply(update: ChannelUpdate): void {
    const applied = this.#replica.apply(update);
    if (applied === undefined) return;
    const { from } = applied;
    const isNews = this.#confirmed() || from === undefined;
    if (from === undefined || isSamePosition(from, this.#replica.position)) {
      if (isNews) this.#statusChanged();
      return;
    }
    const [message] = this.#replica.catchUp(from);
    if (message === undefined) return;
    this.#notifyLive();
    const { isLogicStale } = this;
    for (const each of this.#subscribers) each.onMessage(from, message, isLogicStale);
  }

  /** Logic has confirmed the tuples. Returns whether that was not known before. */
  #confirmed(): boolean {
    const isNews = !this.#isLive || this.#trouble !== undefined;
    if (this.#isUnconfirmed) this.#report(undefined);
    this.#isLive = true;
    this.#generation = this.#context.logic.generation;
    this.#trouble = undefined;
    this.#staleness.found();
    this.#stream.succeeded();
    return isNews;
  }

  /** Logic has reported whether the tuples are stale. */
  #report(staleness: Staleness | undefined): void {
    this.#isUnconfirmed = false;
    this.#staleness.report(staleness);
  }

  #failed(code: string, message: string): void {
    if (this.#trouble?.code === code && this.#trouble.message === message) return;
    this.#trouble = { code, message };
    this.#staleness.explain(message);
    this.#statusChanged();
  }

  #statusChanged(): void {
    if (this.#stream.isClosed) return;
    this.#notifyLive();
    for (const each of this.#subscribers) each.onStatus();
  }

  #notifyLive(): void {
    if (this.#isLive && !this.#wasLive) for (const each of this.#subscribers) each.onLive();
    this.#wasLive = this.#isLive;
  }
}
