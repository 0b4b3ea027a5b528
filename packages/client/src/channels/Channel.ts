import { PeekError } from "@peek/errors";
import type { TupleType } from "@peek/plugin-base/contracts";
import { earlierStaleness, type Position, type ServerMessage, type Staleness } from "@peek/live-protocol";
import type { ObservableState } from "../api.ts";
import type { MonotonicClock } from "../MonotonicClock.ts";
import { ObservableValue } from "../ObservableValue.ts";
import { peekErrorOf } from "../peekErrorOf.ts";
import type { CachedChannel } from "../storage/StorageBackend.ts";
import { reuseEqualTuples } from "./reuseEqualTuples.ts";
import { ServerSubscription, type ServerSubscriptionHost } from "./ServerSubscription.ts";
import { StalePeriod } from "./StalePeriod.ts";
import { TupleList } from "./TupleList.ts";

/** The services of the client that a channel uses. */
export interface ChannelHost extends ServerSubscriptionHost {
  /** Set while no data of the service is known to be current. */
  staleness(): Staleness | undefined;
  readonly clock: MonotonicClock;
  /** Applies the optimistic updates to the tuples; the same list if there are none. */
  applyOptimistic<T>(channel: Channel<T>, tuples: readonly T[]): readonly T[];
  /** The channel has changed: the device's cache of it is out of date. */
  changed(channel: Channel<unknown>): void;
  /** The user may not see the channel any more: it has to leave the device's cache. */
  forbidden(channel: Channel<unknown>): void;
}

type StateMessage = Extract<ServerMessage, { readonly t: "s" | "d" | "u" }>;

/** A message about one channel. */
export type ChannelMessage = StateMessage | Extract<ServerMessage, { readonly t: "stale" | "current" }>;

/** One observable with one selector, for all its subscribers on the page. */
export class Channel<T> implements Disposable {
  readonly type: TupleType<T>;
  /** The canonical text of the selector. */
  readonly sel: string;
  readonly state = new ObservableValue<ObservableState<T>>({ tuples: [], status: "loading" });
  readonly subscription: ServerSubscription;
  readonly #host: ChannelHost;
  readonly #list: TupleList<T>;
  readonly #stalePeriod: StalePeriod;
  #position: Position | undefined;
  #epochBefore: string | undefined;
  #revision = 0;
  #isLoaded = false;
  /** Whether the service has sent the channel's state to this page, on any connection. */
  #wasAnswered = false;
  /** Set while the service says that the channel is stale. */
  #staleness: Staleness | undefined;
  #isRefused = false;
  #hasOptimisticUpdates = false;
  #error: PeekError | undefined;
  #liveSince: number | undefined;
  /** The number of subscribers on the page. */
  subscribers = 0;
  /** Whether a subscriber wants the device to cache the channel. */
  isCached = false;

  constructor(type: TupleType<T>, sel: string, host: ChannelHost) {
    this.type = type;
    this.sel = sel;
    this.#host = host;
    this.#list = new TupleList(type);
    this.#stalePeriod = new StalePeriod(host.clock);
    this.subscription = new ServerSubscription(sel, host, () => {
      if (this.#position === undefined) return undefined;
      const { digest } = this.#list;
      return { ...this.#position, ...(digest !== undefined && { digest }) };
    });
  }

  /** The position of the tuples; undefined without tuples. */
  get position(): Position | undefined {
    return this.#position;
  }

  /** The number of messages that have changed or confirmed the tuples. */
  get revision(): number {
    return this.#revision;
  }

  /** The epoch before the present one. */
  get epochBefore(): string | undefined {
    return this.#epochBefore;
  }

  /** For how long the channel has been live. */
  get liveMs(): number {
    return this.#liveSince === undefined ? 0 : performance.now() - this.#liveSince;
  }

  /** Set while this channel, but not the whole service, is stale, and has subscribers. */
  get staleness(): Staleness | undefined {
    if (this.subscribers === 0 || this.state.getSnapshot().status !== "stale") return undefined;
    return this.#error === undefined ? this.#staleness : this.#stalePeriod.staleness;
  }

  /** The content for the device's cache; undefined if there is none. */
  get content(): CachedChannel | undefined {
    if (this.#position === undefined || this.#isRefused) return undefined;
    const { texts } = this.#list;
    const size = texts.reduce((sum, text) => sum + text.length, 0);
    return { sel: this.sel, position: this.#position, texts, size };
  }

  /** Takes the content of the device's cache, and subscribes. */
  load(cached: CachedChannel | undefined): void {
    if (this.#isLoaded) return;
    this.#isLoaded = true;
    try {
      if (cached !== undefined) {
        this.#list.replace(cached.texts.map((text): unknown => JSON.parse(text)));
        this.#position = cached.position;
      }
    } catch {
      // Another version of the plugin has cached it.
      this.#list.clear();
    }
    this.refresh();
    this.subscription.start();
  }

  /** The connection is lost. */
  disconnected(): void {
    this.subscription.ended();
    this.refresh();
  }

  /** The service has lost or reached logic. */
  upstreamChanged(): void {
    this.subscription.expire();
    this.refresh();
  }

  /** Forgets the data of the user before: another one has logged in. */
  reset(): void {
    this.subscription.stop();
    this.#forget();
    this.#isLoaded = false;
    this.#wasAnswered = false;
    this.#isRefused = false;
    this.#error = undefined;
    this.refresh();
  }

  /** The service has confirmed the subscription. */
  confirmed(number: number, key: readonly string[]): void {
    this.subscription.confirmed(number);
    this.#staleness = undefined;
    this.#list.setKey(key);
  }

  /** The service has refused or ended the subscription. */
  refused(code: string, message: string): void {
    this.subscription.ended();
    this.#fail(peekErrorOf(code, message, "OBSERVABLE_LOAD_FAILED"), code === "FORBIDDEN" || code === "DATA_INVALID");
    if (code === "FORBIDDEN") this.#host.forbidden(this);
  }

  receive(message: ChannelMessage): void {
    if (message.t === "stale" || message.t === "current") {
      const { clock } = this.#host;
      this.#staleness = message.t === "stale" ? { at: clock.now() - message.age, reason: message.why } : undefined;
      this.refresh();
      return;
    }
    try {
      if (!this.#apply(message)) return;
    } catch (error) {
      this.subscription.close();
      this.#fail(PeekError.is(error) ? error : new PeekError("DATA_INVALID", String(error), { cause: error }), true);
      return;
    }
    this.#revision += 1;
    this.subscription.answered();
    this.#wasAnswered = true;
    this.#isRefused = false;
    this.#error = undefined;
    this.refresh();
    this.#host.changed(this);
  }

  /** Computes the state again, and publishes it if it has changed. */
  refresh(): void {
    const before = this.state.getSnapshot();
    const status = this.#status();
    if (status === "live") this.#liveSince ??= performance.now();
    else this.#liveSince = undefined;
    if (status === "stale") {
      const cause = earlierStaleness(this.#host.staleness(), this.#staleness) ?? this.#failure;
      this.#stalePeriod.update(cause, this.subscription.isAnswered);
    } else this.#stalePeriod.end();
    const { shown } = this.#stalePeriod;
    const tuples = this.#shownTuples(before.tuples);
    const isSame = before.status === status && before.tuples === tuples && before.error === this.#error;
    if (isSame && before.asOf === shown?.asOf && before.reason === shown?.reason) return;
    this.state.set({ tuples, status, ...shown, ...(this.#error !== undefined && { error: this.#error }) });
  }

  [Symbol.dispose](): void {
    this.subscription[Symbol.dispose]();
    this.state.release();
  }

  /** @returns Whether the message fits the position of the tuples. */
  #apply(message: StateMessage): boolean {
    if (message.t === "s") this.#list.replace(message.rows);
    else if (message.t === "d") {
      const { f, e, fe = e, o } = message;
      const at = this.#position;
      if (at?.epoch === e && at.offset >= o) return true;
      if (at?.epoch !== fe || at.offset !== f) {
        // A message is missing between the two positions.
        this.subscription.close();
        this.subscription.request();
        return false;
      }
      this.#list.change(message);
    }
    if (this.#position !== undefined && this.#position.epoch !== message.e) this.#epochBefore = this.#position.epoch;
    this.#position = { epoch: message.e, offset: message.o };
    return true;
  }

  #forget(): void {
    this.#list.clear();
    this.#position = undefined;
  }

  #fail(error: PeekError, isRefused: boolean): void {
    this.#error = error;
    this.#isRefused = isRefused;
    if (isRefused) this.#forget();
    this.subscription.retryLater(isRefused);
    this.refresh();
  }

  #status(): ObservableState<T>["status"] {
    if (this.#isRefused) return "refused";
    if (this.#position === undefined) return "loading";
    const isCurrent = this.#staleness === undefined && this.#host.staleness() === undefined;
    if (this.subscription.isAnswered && isCurrent) return "live";
    return this.#wasAnswered ? "stale" : "device";
  }

  /** The error as a reason to be stale, from now on. */
  get #failure(): Staleness | undefined {
    return this.#error && { at: this.#host.clock.now(), reason: this.#error.message };
  }

  #shownTuples(before: readonly T[]): readonly T[] {
    const { tuples } = this.#list;
    if (this.#position === undefined) {
      this.#hasOptimisticUpdates = false;
      return tuples.length === before.length ? before : tuples;
    }
    const updated = this.#host.applyOptimistic(this, tuples);
    if (updated === tuples && !this.#hasOptimisticUpdates) {
      return tuples.length === 0 && before.length === 0 ? before : tuples;
    }
    const shown = reuseEqualTuples(before, updated);
    // As long as other objects than the list's own are shown, they have to be compared.
    this.#hasOptimisticUpdates = updated !== tuples || shown !== tuples;
    return shown;
  }
}
