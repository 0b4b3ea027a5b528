import { PeekError } from "@peek/errors";
import type { TupleType } from "@peek/plugin-base/contracts";
import {
  type ClientMessage,
  earlierStaleness,
  type Position,
  type Resume,
  type ServerMessage,
  type Staleness,
} from "@peek/live-protocol";
import type { ObservableState } from "../api.ts";
import { ObservableValue } from "../ObservableValue.ts";
import type { MonotonicClock } from "../MonotonicClock.ts";
import { peekErrorOf } from "../peekErrorOf.ts";
import type { CachedChannel } from "../storage/StorageBackend.ts";
import { StalePeriod } from "./StalePeriod.ts";
import { TupleList } from "./TupleList.ts";
import { reuseEqualTuples } from "./reuseEqualTuples.ts";

/** How soon a channel that cannot be watched is tried again: at first, at most, and when it may not be; milliseconds. */
const retryMs = 1000;
const longestRetryMs = 30_000;
const refusedRetryMs = 60_000;
/** How long others may wait for the service to agree; milliseconds. */
const awaitedMs = 2000;

/** What a channel needs of the client. */
export interface ChannelHost {
  /** Whether there is a connection. */
  readonly isOpen: boolean;
  /** Set while nothing that is shown is known to be current. */
  readonly staleness: Staleness | undefined;
  readonly clock: MonotonicClock;
  nextId(): number;
  send(message: ClientMessage): void;
  /** The tuples as they are to be shown; the same list when nothing is foretold. */
  applyOptimistic<T>(channel: Channel<T>, tuples: readonly T[]): readonly T[];
  /** It has news, for the device to keep. */
  touched(channel: Channel<unknown>): void;
  /** What the device keeps of it must not be shown any more. */
  forbidden(channel: Channel<unknown>): void;
}

/** A message about a channel. */
export type DataMessage = Extract<ServerMessage, { readonly t: "s" | "d" | "u" | "stale" | "current" }>;

/** What is watched by one selector, however many watch it. */
export class Channel<T> implements Disposable {
  readonly type: TupleType<T>;
  /** The canonical text of the selector. */
  readonly sel: string;
  readonly state = new ObservableValue<ObservableState<T>>({ tuples: [], status: "loading" });
  readonly #host: ChannelHost;
  readonly #list: TupleList<T>;
  #position: Position | undefined;
  /** Our number for the service; undefined while it is not asked. */
  #id: number | undefined;
  /** The service's number; undefined until it has agreed. */
  #number: number | undefined;
  /** Whether what the device has is here; before, the service is not asked for all of it. */
  #isLoaded = false;
  /** Whether the service has ever answered, since this page is there; and since it was connected to, or reaches logic again. */
  #wasAnswered = false;
  #isAnswered = false;
  /** Set while the service says that it is not known to be current. */
  #staleness: Staleness | undefined;
  readonly #lapse: StalePeriod;
  #isRefused = false;
  #isForetold = false;
  #error: PeekError | undefined;
  #failures = 0;
  #revision = 0;
  #epochBefore: string | undefined;
  /** Until when the service may be waited for. */
  #awaitedTo = performance.now() + awaitedMs;
  #liveSince: number | undefined;
  #retry: ReturnType<typeof setTimeout> | undefined;
  /** How many watch. */
  watchers = 0;
  /** Whether one of them wants it kept. */
  isKept = false;

  constructor(type: TupleType<T>, sel: string, host: ChannelHost) {
    this.type = type;
    this.sel = sel;
    this.#host = host;
    this.#list = new TupleList(type);
    this.#lapse = new StalePeriod(host.clock);
  }

  /** Where it is; undefined when nothing is known. */
  get position(): Position | undefined {
    return this.#position;
  }

  /** Rises with each message about it. */
  get revision(): number {
    return this.#revision;
  }

  /** The epoch that it was in before the one that it is in. */
  get epochBefore(): string | undefined {
    return this.#epochBefore;
  }

  /** For how long it has been live; milliseconds. */
  get liveMs(): number {
    return this.#liveSince === undefined ? 0 : performance.now() - this.#liveSince;
  }

  /** Whether the service is about to agree. */
  get isAwaited(): boolean {
    const isAsked = !this.#isLoaded || this.#id !== undefined;
    return isAsked && this.#number === undefined && performance.now() < this.#awaitedTo;
  }

  /** Set while it is stale for a reason of its own, and somebody watches. */
  get staleness(): Staleness | undefined {
    if (this.watchers === 0 || this.state.getSnapshot().status !== "stale") return undefined;
    return this.#error === undefined ? this.#staleness : this.#lapse.staleness;
  }

  get id(): number | undefined {
    return this.#id;
  }

  /** Whether the service was asked for it, and has sent nothing of it yet. */
  get isAsked(): boolean {
    return this.#id !== undefined && !this.#isAnswered;
  }

  get number(): number | undefined {
    return this.#number;
  }

  /** What there is to keep; undefined: nothing. */
  get content(): CachedChannel | undefined {
    if (this.#position === undefined || this.#isRefused) return undefined;
    const { texts } = this.#list;
    const size = texts.reduce((sum, text) => sum + text.length, 0);
    return { sel: this.sel, position: this.#position, texts, size };
  }

  /** Takes what the device had kept, unless more is known already. */
  load(kept: CachedChannel | undefined): void {
    if (this.#isLoaded) return;
    this.#isLoaded = true;
    try {
      if (kept !== undefined) {
        this.#list.replace(kept.texts.map((text): unknown => JSON.parse(text)));
        this.#position = kept.position;
      }
    } catch {
      // It is of another version of the plugin.
      this.#list.clear();
    }
    this.refresh();
    this.opened();
  }

  /** There is a connection. */
  opened(): void {
    if (!this.#host.isOpen || this.#id !== undefined) return;
    this.#awaitedTo = performance.now() + awaitedMs;
    if (!this.#isLoaded) return;
    clearTimeout(this.#retry);
    this.#id = this.#host.nextId();
    const at = this.#resume();
    this.#host.send({ t: "sub", id: this.#id, sel: this.sel, ...(at !== undefined && { at }) });
  }

  /** There is none any more. */
  cut(): void {
    clearTimeout(this.#retry);
    this.#id = undefined;
    this.#number = undefined;
    this.#isAnswered = false;
    this.refresh();
  }

  /** The service reaches logic again, or does not any more. */
  upstream(): void {
    this.#isAnswered = false;
    this.refresh();
  }

  /** Another user has come: what the one before saw is gone. */
  reset(): void {
    this.cut();
    this.#forget();
    this.#isLoaded = false;
    this.#wasAnswered = false;
    this.#isRefused = false;
    this.#error = undefined;
    this.refresh();
  }

  /** The service has agreed. */
  accepted(number: number, key: readonly string[]): void {
    this.#number = number;
    this.#staleness = undefined;
    this.#list.keyed(key);
  }

  /** The service has refused it, or ended it. */
  refused(code: string, message: string): void {
    this.#stop();
    this.#fail(peekErrorOf(code, message, "OBSERVABLE_LOAD_FAILED"), code === "FORBIDDEN" || code === "DATA_INVALID");
    if (code === "FORBIDDEN") this.#host.forbidden(this);
  }

  /** Takes a message about it. */
  receive(message: DataMessage): void {
    if (message.t === "stale" || message.t === "current") {
      const { clock } = this.#host;
      this.#staleness = message.t === "stale" ? { at: clock.now() - message.age, reason: message.why } : undefined;
      this.refresh();
      return;
    }
    try {
      if (!this.#take(message)) return;
    } catch (error) {
      this.#unsubscribe();
      this.#fail(PeekError.is(error) ? error : new PeekError("DATA_INVALID", String(error), { cause: error }), true);
      return;
    }
    this.#revision += 1;
    this.#failures = 0;
    this.#isAnswered = true;
    this.#wasAnswered = true;
    this.#isRefused = false;
    this.#error = undefined;
    this.refresh();
    this.#host.touched(this);
  }

  /** Looks again at what is to be shown. */
  refresh(): void {
    const before = this.state.getSnapshot();
    const status = this.#status();
    if (status === "live") this.#liveSince ??= performance.now();
    else this.#liveSince = undefined;
    if (status === "stale")
      this.#lapse.goesOn(earlierStaleness(this.#host.staleness, this.#staleness) ?? this.#trouble, this.#isAnswered);
    else this.#lapse.end();
    const { shown } = this.#lapse;
    const tuples = this.#shown(before.tuples);
    const isSame = before.status === status && before.tuples === tuples && before.error === this.#error;
    if (isSame && before.asOf === shown?.asOf && before.reason === shown?.reason) return;
    this.state.set({ tuples, status, ...shown, ...(this.#error !== undefined && { error: this.#error }) });
  }

  [Symbol.dispose](): void {
    this.#unsubscribe();
    clearTimeout(this.#retry);
    this.state.release();
  }

  /** @returns Whether it is about where we are. */
  #take(message: Exclude<DataMessage, { readonly t: "stale" | "current" }>): boolean {
    if (message.t === "s") this.#list.replace(message.rows);
    else if (message.t === "d") {
      const { f, e, fe = e, o } = message;
      const at = this.#position;
      if (at?.epoch === e && at.offset >= o) return true;
      if (at?.epoch !== fe || at.offset !== f) {
        // Something is missing.
        this.#unsubscribe();
        this.opened();
        return false;
      }
      this.#list.change(message);
    }
    if (this.#position !== undefined && this.#position.epoch !== message.e) this.#epochBefore = this.#position.epoch;
    this.#position = { epoch: message.e, offset: message.o };
    return true;
  }

  #resume(): Resume | undefined {
    if (this.#position === undefined) return undefined;
    const { digest } = this.#list;
    return { ...this.#position, ...(digest !== undefined && { digest }) };
  }

  #unsubscribe(): void {
    if (this.#id !== undefined && this.#host.isOpen) this.#host.send({ t: "unsub", id: this.#id });
    this.#stop();
  }

  #stop(): void {
    this.#id = undefined;
    this.#number = undefined;
    this.#isAnswered = false;
  }

  #forget(): void {
    this.#list.clear();
    this.#position = undefined;
  }

  #fail(error: PeekError, isRefused: boolean): void {
    this.#error = error;
    this.#isRefused = isRefused;
    if (isRefused) this.#forget();
    const wait = isRefused ? refusedRetryMs : Math.min(longestRetryMs, retryMs * 2 ** this.#failures);
    this.#failures += 1;
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => this.opened(), wait * (0.5 + Math.random() / 2));
    this.refresh();
  }

  #status(): ObservableState<T>["status"] {
    if (this.#isRefused) return "refused";
    if (this.#position === undefined) return "loading";
    const isCurrent = this.#staleness === undefined && this.#host.staleness === undefined;
    if (this.#isAnswered && isCurrent) return "live";
    return this.#wasAnswered ? "stale" : "device";
  }

  /** What has failed, as a cause; without a time of its own. */
  get #trouble(): Staleness | undefined {
    return this.#error && { at: this.#host.clock.now(), reason: this.#error.message };
  }

  #shown(before: readonly T[]): readonly T[] {
    const { tuples } = this.#list;
    if (this.#position === undefined) {
      this.#isForetold = false;
      return tuples.length === before.length ? before : tuples;
    }
    const foretold = this.#host.applyOptimistic(this, tuples);
    if (foretold === tuples && !this.#isForetold) return tuples.length === 0 && before.length === 0 ? before : tuples;
    const shown = reuseEqualTuples(before, foretold);
    // Until all that is shown is what the service has sent, the one has to be compared with the other.
    this.#isForetold = foretold !== tuples || shown !== tuples;
    return shown;
  }
}
