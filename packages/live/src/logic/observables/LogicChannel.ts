import { randomBytes } from "node:crypto";
import type { PeekError } from "@peek/errors";
import { Backoff } from "@peek/kit";
import { deltaFields, diff, isNoop, type Position, type Resume, type Staleness } from "@peek/live-protocol";
import type { ChannelContext } from "./ChannelContext.ts";
import { ChannelCurrency, type ChangesTold } from "./ChannelCurrency.ts";
import { ChannelFollower, type Followed } from "./ChannelFollower.ts";
import { ChannelState } from "../../channel/ChannelState.ts";
import { Holds } from "./Holds.ts";
import { LoadRun } from "./LoadRun.ts";
import { failureForPeople, loadTrouble, logFailedLoad, logLongLoad } from "./loadTrouble.ts";
import type { ChannelUpdate } from "../../rpc/ObservablesRpc.ts";
import { readRows } from "./readRows.ts";
import type { Runnable } from "./RunQueue.ts";
import { updateWriter } from "./updateWriter.ts";

const defaultMaxTuples = 10_000;
/** The least time between two runs, however many changes there are; milliseconds. */
const minRestMs = 5;
/** The longest, for tuples that take long to be read; milliseconds. */
const maxRestMs = 1000;
/** The least time from a run that failed to the next; milliseconds. */
const minPauseMs = 100;
/** And the longest, when nothing changes. */
const maxPauseMs = 10_000;
/** From when on a run is said to take long; milliseconds. */
const longRunMs = 10_000;
/** How much of the past somebody new is told: for those who come to it from elsewhere. */
const historyChars = 4 * 1024 * 1024;
const historySteps = 1000;

/** What a {@link LogicChannel} has of its observable. */
export interface LogicChannelContext extends ChannelContext {
  /** How far changes of what it is made of have been told. */
  readonly changes: ChangesTold;
}

/** What watching an observable by one selector in one scope gives, and how it came to that. */
export class LogicChannel implements Followed, Runnable, AsyncDisposable {
  readonly #context: LogicChannelContext;
  readonly #selector: unknown;
  readonly #scope: string;
  readonly #onIdle: () => void;
  /** Not by the clock, which may be set back. */
  readonly #epoch = randomBytes(12).toString("base64url");
  readonly #state: ChannelState<ChannelUpdate>;
  readonly #followers = new Set<ChannelFollower>();
  readonly #backoff = new Backoff({ maxMs: maxPauseMs });
  readonly #currency: ChannelCurrency;
  /** The number of the last run that began. */
  #lastRun = 0;
  #isDirty = true;
  /** Whether something has changed that nobody was there to see. */
  #isUnseen = false;
  #isClosed = false;
  /** Somebody waits for a position of this run or a later one. */
  #demandedRun: number | undefined;
  /** And of this one: the latest. */
  #lastDemanded = 0;
  /** Those who ask it to wait with its next run. */
  #holds: Holds | undefined;
  #running: Promise<void> | undefined;
  /** While it runs; and what was given up when the channel was closed. */
  #load: LoadRun | undefined;
  #isQueued = false;
  #isFailing = false;
  /** Not before; by `performance.now()`. */
  #restsUntil = 0;
  #endedAt = 0;
  #rest: NodeJS.Timeout | undefined;
  #linger: NodeJS.Timeout | undefined;

  /**
   * @param selector As the provider's schema gave it.
   * @param onIdle Called when nobody has followed it for long.
   */
  constructor(context: LogicChannelContext, selector: unknown, scope: string, onIdle: () => void) {
    this.#context = context;
    this.#selector = selector;
    this.#scope = scope;
    this.#onIdle = onIdle;
    this.#state = new ChannelState(updateWriter, context.budget);
    this.#currency = new ChannelCurrency(context.changes);
    this.#lingerOn();
  }

  get selector(): unknown {
    return this.#selector;
  }

  get followers(): number {
    return this.#followers.size;
  }

  /** How often its provider has run. */
  get runs(): number {
    return this.#lastRun;
  }

  get opening(): ChannelUpdate {
    const { type, guarded } = this.#context;
    return { k: "open", key: [...type.key], guarded };
  }

  get isReady(): boolean {
    // While nobody follows, nothing is loaded.
    return this.#state.position !== undefined && !this.#isUnseen;
  }

  get staleness(): Staleness | undefined {
    return this.#currency.staleness;
  }

  /** Finds out whether what it has is known to be current, and tells those who follow. */
  look(): void {
    if (this.#currency.look(performance.now())) this.#wake();
  }

  /** Follows it. */
  follow(at: Resume | undefined): ChannelFollower {
    const follower = new ChannelFollower(this, at);
    this.#followers.add(follower);
    this.look();
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
    // What has changed is not loaded for nobody.
    this.#isUnseen ||= this.#isDirty;
    this.#lingerOn();
  }

  /** What it is made of may have changed, at some time after `at`; by `performance.now()`. */
  changed(at: number = performance.now()): void {
    this.#currency.changed(Math.min(at, performance.now()));
    this.#isDirty = true;
    if (this.#followers.size === 0) this.#isUnseen = true;
    // What has changed may be what made it fail.
    if (this.#isFailing) {
      this.#restsUntil = Math.min(this.#restsUntil, this.#endedAt + minPauseMs);
      this.#rescheduled();
    } else this.#schedule();
  }

  /** Has it loaded again, and come to another position by that, even when nothing has changed. Returns that position. */
  demand(): Position {
    const run = this.#lastRun + 1;
    this.#demandedRun ??= run;
    this.#lastDemanded = run;
    this.changed();
    return { epoch: this.#epoch, offset: run };
  }

  /** Has it wait with its next run until what is returned is disposed; for a moment at most, and with one run only. */
  hold(): Disposable {
    this.#holds ??= new Holds(() => this.#rescheduled());
    return this.#holds.add();
  }

  async run(): Promise<void> {
    this.#isQueued = false;
    // Those who wanted it may have left meanwhile.
    if (this.#isClosed || !this.#isWanted) return;
    this.#running = this.#runOnce();
    await this.#running;
    this.#running = undefined;
    this.#schedule();
  }

  /** Ends all that follow it. */
  close(error: PeekError): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearTimeout(this.#linger);
    clearTimeout(this.#rest);
    this.#context.queue.delete(this);
    this.#load?.giveUp(error);
    for (const follower of this.#followers) follower.fail(error);
    this.#followers.clear();
    this.#state[Symbol.dispose]();
  }

  /** Settles when its provider does not run any more, or has run for too long. Only after {@link close}. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#running, this.#load?.ended]);
  }

  get #isWanted(): boolean {
    return this.#followers.size > 0 || this.#demandedRun !== undefined;
  }

  #lingerOn(): void {
    clearTimeout(this.#linger);
    this.#linger = setTimeout(() => this.#onIdle(), this.#context.lingerMs).unref();
  }

  #schedule(): void {
    if (!this.#isDirty || this.#isQueued || this.#running !== undefined || this.#rest !== undefined) return;
    if (this.#isClosed || !this.#isWanted) return;
    const now = performance.now();
    const ms = Math.max(this.#restsUntil, this.#holds?.waitUntil(now) ?? 0) - now;
    if (ms <= 0) {
      this.#enqueue();
      return;
    }
    this.#rest = setTimeout(() => this.#rescheduled(), ms);
  }

  /** When it is to run is to be found out anew. */
  #rescheduled(): void {
    clearTimeout(this.#rest);
    this.#rest = undefined;
    this.#schedule();
  }

  #enqueue(): void {
    this.#isQueued = true;
    this.#context.queue.push(this);
  }

  /** Never rejects. */
  async #runOnce(): Promise<void> {
    this.#lastRun += 1;
    const run = this.#lastRun;
    this.#isDirty = false;
    this.#currency.begin(performance.now());
    this.#holds?.begin();
    let restMs = minRestMs;
    try {
      const given = await this.#given();
      const began = performance.now();
      const { type, provider } = this.#context;
      const rows = await readRows(given, type, provider.maxTuples ?? defaultMaxTuples);
      if (this.#isClosed) return;
      this.#take(run, rows);
      this.#isFailing = false;
      this.#backoff.reset();
      // Whatever it takes, others get half of the time.
      restMs = Math.min(maxRestMs, Math.max(minRestMs, performance.now() - began));
    } catch (error) {
      if (this.#isClosed) return;
      this.#fail(error);
      restMs = Math.max(minPauseMs, this.#backoff.next());
    }
    this.#endedAt = performance.now();
    // What has changed meanwhile may be what made it fail.
    this.#restsUntil = this.#endedAt + (this.#isFailing && this.#isDirty ? minPauseMs : restMs);
    this.#isDirty ||= this.#isFailing;
  }

  async #given(): Promise<unknown> {
    const { provider, run, loadDeadlineMs } = this.#context;
    const load = (signal: AbortSignal): unknown => provider.load(this.#selector, { scope: this.#scope, signal });
    const notice = setTimeout(() => logLongLoad(this.#context, longRunMs), longRunMs).unref();
    try {
      this.#load = new LoadRun(load, run, loadDeadlineMs);
      return await this.#load.result;
    } finally {
      clearTimeout(notice);
      // What it gave is not kept.
      if (!this.#isClosed) this.#load = undefined;
    }
  }

  #take(run: number, rows: ReadonlyMap<string, string>): void {
    const isDemanded = this.#demandedRun !== undefined && this.#demandedRun <= run;
    if (isDemanded) this.#demandedRun = this.#lastDemanded > run ? run + 1 : undefined;
    // What has changed since then, nobody who has come meanwhile has seen.
    this.#isUnseen = this.#isDirty && this.#followers.size === 0;
    const to = { epoch: this.#epoch, offset: run };
    if (this.#state.position === undefined) this.#state.begin(to, rows);
    else {
      const changes = diff(this.#state.rows, rows);
      if (!isNoop(changes) || isDemanded) this.#state.advance(to, changes);
    }
    this.#currency.succeed();
    this.#currency.look(performance.now());
    this.#wake();
  }

  #wake(): void {
    for (const follower of this.#followers) follower.wake();
  }

  #fail(error: unknown): void {
    this.#isFailing = true;
    this.#currency.fail(failureForPeople(error));
    logFailedLoad(this.#context, error);
    if (this.isReady) return;
    const trouble = loadTrouble(this.#context.type.name, error);
    for (const follower of this.#followers) if (!follower.isIn) follower.fail(trouble);
  }
}
