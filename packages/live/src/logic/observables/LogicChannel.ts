import { randomBytes } from "node:crypto";
import type { PeekError } from "@peek/errors";
import { deltaFields, diff, isNoop, type Position, type Resume, type Staleness } from "@peek/live-protocol";
import { ChannelState } from "../../channel/ChannelState.ts";
import { pluginUpdating } from "../../channel/pluginUpdating.ts";
import type { ChannelUpdate } from "../../rpc/ObservablesRpc.ts";
import type { ChannelContext } from "./ChannelContext.ts";
import { ChannelCurrency, type ChangeProgress } from "./ChannelCurrency.ts";
import { ChannelFollower, type FollowedChannel } from "./ChannelFollower.ts";
import { ChannelLoader } from "./ChannelLoader.ts";
import { loadFailed, logLoadFailure, staleReasonOf } from "./loadFailure.ts";
import { LoadPacing } from "./LoadPacing.ts";
import type { Loadable } from "./LoadScheduler.ts";
import { updateWriter } from "./updateWriter.ts";

/** How many characters of its history a new follower is sent, for browsers that come from another gateway. */
const historyChars = 4 * 1024 * 1024;
const historySteps = 1000;

/** The parts of an observable that its channels use, on logic. */
export interface LogicChannelContext extends ChannelContext {
  readonly changes: ChangeProgress;
}

/** One observable with one selector in one scope: its tuples, as load() has returned them, and how they came to be. */
export class LogicChannel implements FollowedChannel, Loadable, AsyncDisposable {
  readonly #context: LogicChannelContext;
  readonly #selector: unknown;
  readonly #onIdle: () => void;
  /** Not by the clock, which may be set back. */
  readonly #epoch = randomBytes(12).toString("base64url");
  readonly #state: ChannelState<ChannelUpdate>;
  readonly #followers = new Set<ChannelFollower>();
  readonly #currency: ChannelCurrency;
  readonly #loader: ChannelLoader;
  readonly #pacing = new LoadPacing(() => this.#schedule());
  /** The number of the last load that began. */
  #lastLoad = 0;
  #isDirty = true;
  /** Whether changes were made while nobody followed, and are not loaded yet. */
  #isUnseen = false;
  #isClosed = false;
  /** The number of the earliest load that has not begun and whose position {@link demand} has promised. */
  #demandedLoad: number | undefined;
  /** The last such load. */
  #lastDemanded = 0;
  #loading: Promise<void> | undefined;
  #isRequested = false;
  #linger: NodeJS.Timeout | undefined;

  /**
   * @param selector As the provider's schema has parsed it.
   * @param onIdle Called when the channel has had no follower for long.
   */
  constructor(context: LogicChannelContext, selector: unknown, scope: string, onIdle: () => void) {
    this.#context = context;
    this.#selector = selector;
    this.#onIdle = onIdle;
    this.#state = new ChannelState(updateWriter, context.budget);
    this.#currency = new ChannelCurrency(context.changes);
    this.#loader = new ChannelLoader(context, selector, scope);
    this.#startLinger();
  }

  get selector(): unknown {
    return this.#selector;
  }

  get followers(): number {
    return this.#followers.size;
  }

  /** How many loads have begun. */
  get loads(): number {
    return this.#lastLoad;
  }

  get opening(): ChannelUpdate {
    const { type, guarded } = this.#context;
    return { k: "open", key: [...type.key], guarded };
  }

  get isReady(): boolean {
    return this.#state.position !== undefined && !this.#isUnseen;
  }

  get staleness(): Staleness | undefined {
    return this.#currency.staleness;
  }

  /** Judges whether the tuples are stale, and notifies followers. */
  checkCurrency(): void {
    if (this.#currency.check(performance.now())) this.#wake();
  }

  follow(at: Resume | undefined): ChannelFollower {
    const follower = new ChannelFollower(this, at);
    this.#followers.add(follower);
    this.checkCurrency();
    clearTimeout(this.#linger);
    this.#schedule();
    return follower;
  }

  catchUp(at: Resume | undefined): readonly ChannelUpdate[] {
    return this.#state.catchUp(at);
  }

  unchanged(): readonly ChannelUpdate[] {
    return this.#state.unchanged();
  }

  history(): readonly ChannelUpdate[] {
    return this.#state.newest(historyChars, historySteps).map(({ from, to, changes }) => ({
      k: "history",
      e: to.epoch,
      f: from.offset,
      o: to.offset,
      d: `{${deltaFields(changes)}}`,
    }));
  }

  left(follower: ChannelFollower): void {
    this.#followers.delete(follower);
    if (this.#followers.size > 0 || this.#isClosed) return;
    // Changes are not loaded while nobody follows.
    this.#isUnseen ||= this.#isDirty;
    this.#startLinger();
  }

  /** The data behind the tuples may have changed, at some time after `at`. @param at By `performance.now()`. Default: now. */
  changed(at: number = performance.now()): void {
    this.#currency.changed(Math.min(at, performance.now()));
    this.#isDirty = true;
    if (this.#followers.size === 0) this.#isUnseen = true;
    if (this.#pacing.isFailing) this.#pacing.changed();
    else this.#schedule();
  }

  /** Loads again, and moves to another position even when nothing has changed. Returns that position. */
  demand(): Position {
    const load = this.#lastLoad + 1;
    this.#demandedLoad ??= load;
    this.#lastDemanded = load;
    this.changed();
    return { epoch: this.#epoch, offset: load };
  }

  /** Delays the next load until the result is disposed; for a moment at most, and one load only. */
  hold(): Disposable {
    return this.#pacing.hold();
  }

  /** The plugin is suspended: the tuples are stale until {@link resume}. */
  suspend(): void {
    this.#currency.suspend(performance.now(), pluginUpdating);
    this.checkCurrency();
  }

  resume(): void {
    this.#currency.resume();
    this.checkCurrency();
  }

  async load(): Promise<void> {
    this.#isRequested = false;
    // The followers may have left meanwhile.
    if (this.#isClosed || !this.#isWanted) return;
    this.#loading = this.#loadOnce();
    await this.#loading;
    this.#loading = undefined;
    this.#schedule();
  }

  /** Ends all followers with an error. */
  close(error: PeekError): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearTimeout(this.#linger);
    this.#pacing[Symbol.dispose]();
    this.#context.scheduler.cancel(this);
    this.#loader.close(error);
    for (const follower of this.#followers) follower.fail(error);
    this.#followers.clear();
    this.#state[Symbol.dispose]();
  }

  /** Resolves when load() has returned, or has exceeded its deadline. Only after {@link close}. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#loading, this.#loader.ended()]);
  }

  get #isWanted(): boolean {
    return this.#followers.size > 0 || this.#demandedLoad !== undefined;
  }

  #startLinger(): void {
    clearTimeout(this.#linger);
    this.#linger = setTimeout(() => this.#onIdle(), this.#context.lingerMs).unref();
  }

  #schedule(): void {
    if (!this.#isDirty || this.#isRequested || this.#loading !== undefined) return;
    if (this.#isClosed || !this.#isWanted || !this.#pacing.isDue()) return;
    this.#isRequested = true;
    this.#context.scheduler.request(this);
  }

  /** Never rejects. */
  async #loadOnce(): Promise<void> {
    this.#lastLoad += 1;
    const load = this.#lastLoad;
    this.#isDirty = false;
    this.#currency.begin(performance.now());
    this.#pacing.begin();
    try {
      const { rows, returnedAt } = await this.#loader.load();
      if (this.#isClosed) return;
      this.#take(load, rows);
      this.#pacing.succeed(performance.now() - returnedAt);
    } catch (error) {
      if (this.#isClosed) return;
      this.#fail(error);
      this.#pacing.fail(this.#isDirty);
      this.#isDirty = true;
    }
  }

  #take(load: number, rows: ReadonlyMap<string, string>): void {
    const isDemanded = this.#demandedLoad !== undefined && this.#demandedLoad <= load;
    if (isDemanded) this.#demandedLoad = this.#lastDemanded > load ? load + 1 : undefined;
    this.#isUnseen = this.#isDirty && this.#followers.size === 0;
    const to = { epoch: this.#epoch, offset: load };
    if (this.#state.position === undefined) this.#state.begin(to, rows);
    else {
      const changes = diff(this.#state.rows, rows);
      if (!isNoop(changes) || isDemanded) this.#state.advance(to, changes);
    }
    this.#currency.succeed();
    this.#currency.check(performance.now());
    this.#wake();
  }

  #fail(error: unknown): void {
    this.#currency.fail(staleReasonOf(error));
    logLoadFailure(this.#context, error);
    if (this.isReady) return;
    const failure = loadFailed(this.#context.type.name, error);
    for (const follower of this.#followers) if (!follower.isSynced) follower.fail(failure);
  }

  #wake(): void {
    for (const follower of this.#followers) follower.wake();
  }
}
