import { messageOf, PeekError } from "@peek/errors";
import type { Logger, RpcClient } from "@peek/plugin-base";
import type { TupleSelector } from "@peek/plugin-base/contracts";
import { Backoff, CancellableDelay, Listeners, type LogThrottle } from "@peek/kit";
import { maxDeadlineMs } from "@peek/vortex";
import {
  type Changes,
  diff,
  earlierStaleness,
  isSamePosition,
  type Position,
  type Resume,
  type Staleness,
} from "@peek/live-protocol";
import { ChannelState } from "../../channel/ChannelState.ts";
import type { ChannelMessage, ChannelSponsor, FollowedChannel } from "./ChannelSource.ts";
import type { Step } from "../../channel/DeltaRing.ts";
import { isOutage } from "./isOutage.ts";
import { messageWriter } from "./messageWriter.ts";
import type { ChannelUpdate, ObservablesRpc } from "../../rpc/ObservablesRpc.ts";
import type { OpeningTurns } from "./OpeningTurns.ts";
import { staleMs } from "../../channel/staleMs.ts";
import { logicNotReached } from "./UpstreamWatch.ts";
import { readChanges, readSnapshot } from "./readUpdate.ts";
import type { RingBudget } from "../../channel/RingBudget.ts";

/** What has changed, as {@link FollowedChannel.onChange} tells it. */
export type ChannelChange = Parameters<Parameters<FollowedChannel["onChange"]>[0]>[0];

/** How logic is asked. */
export type ObservablesClient = RpcClient<(typeof ObservablesRpc)["procedures"]>;

/** What all channels of a proxy have in common. */
export interface ProxyContext {
  readonly client: ObservablesClient;
  readonly turns: OpeningTurns;
  readonly budget: RingBudget;
  readonly logger: Logger;
  readonly rateLimit: LogThrottle;
  /** Until when what logic has said was how things are; by `performance.now()`. */
  readonly knownAt: () => number;
}

/** The longest wait before it is followed again; milliseconds. */
const maxPauseMs = 5000;

/** Which channel of logic is followed, for those who were admitted to it. */
export interface ChannelName {
  readonly selector: TupleSelector;
  readonly scope: string;
  /** Whether each of them was asked for. */
  readonly guarded: boolean;
}

/** Those for whom a channel is followed. */
export interface ChannelAudience {
  readonly sponsor: ChannelSponsor;
  /** Called when logic has said that they were admitted wrongly. */
  readonly onMistaken: () => void;
}

/** A channel of logic, followed by one stream for all who watch it here. */
export class ProxyChannel implements AsyncDisposable {
  readonly number: number;
  readonly #context: ProxyContext;
  readonly #name: ChannelName;
  readonly #audience: ChannelAudience;
  readonly #state: ChannelState<ChannelMessage>;
  readonly #listeners = new Listeners<ChannelChange>();
  readonly #closing = new AbortController();
  readonly #backoff = new Backoff({ maxMs: maxPauseMs });
  readonly #pause = new CancellableDelay();
  readonly #followed: Promise<void>;
  #key: readonly string[] | undefined;
  #isLive = false;
  #isMistaken = false;
  /** In the name of which session it is followed, or was last. */
  #proof: string | undefined;
  /** How often that was refused since it was live. */
  #lapses = 0;
  /** Set while logic says that it is not known to be current. */
  #staleness: Staleness | undefined;
  /** Set while it has not been followed for some time, though it was. */
  #loss: Staleness | undefined;
  #losing: NodeJS.Timeout | undefined;
  #trouble: FollowedChannel["trouble"];
  /** What logic has told of how it came to the snapshot that follows. */
  #history: Step[] = [];

  constructor(context: ProxyContext, number: number, name: ChannelName, audience: ChannelAudience) {
    this.#context = context;
    this.number = number;
    this.#name = name;
    this.#audience = audience;
    this.#state = new ChannelState(messageWriter(number), context.budget);
    this.#followed = this.#followOn();
  }

  /** The observable's name. */
  get observable(): string {
    return this.#name.selector.name;
  }

  get selector(): TupleSelector {
    return this.#name.selector;
  }

  get key(): readonly string[] | undefined {
    return this.#key;
  }

  get position(): Position | undefined {
    return this.#state.position;
  }

  get isLive(): boolean {
    return this.#isLive;
  }

  get trouble(): FollowedChannel["trouble"] {
    return this.#trouble;
  }

  get staleness(): Staleness | undefined {
    return earlierStaleness(this.#loss, this.#staleness);
  }

  /** Whether those who watch were admitted wrongly, when logic was last asked: nothing is followed for them. */
  get isMistaken(): boolean {
    return this.#isMistaken;
  }

  catchUp(at: Resume | undefined): readonly ChannelMessage[] {
    return this.#state.catchUp(at);
  }

  onChange(listener: (change: ChannelChange) => void): Disposable {
    return this.#listeners.add(listener);
  }

  /** Tries again now what has failed. */
  retry(): void {
    if (this.#trouble !== undefined || this.#isMistaken) this.#pause.end();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listeners.clear();
    clearTimeout(this.#losing);
    this.#closing.abort();
    this.#pause.end();
    await this.#followed;
    this.#state[Symbol.dispose]();
  }

  /** Never rejects. */
  async #followOn(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      let giveBack: (() => void) | undefined;
      try {
        giveBack = await this.#context.turns.take(signal);
        // It goes on at once in the name of another.
        while (!signal.aborted && (await this.#followOnce(giveBack))) this.#history = [];
      } catch (error) {
        if (!signal.aborted) this.#failed(error);
      } finally {
        giveBack?.();
      }
      if (signal.aborted) return;
      this.#history = [];
      await this.#pause.wait(this.#backoff.next());
    }
  }

  /** Returns whether it is to be followed again at once, as the session in whose name it was has ended. */
  async #followOnce(giveBack: () => void): Promise<boolean> {
    const proof = this.#audience.sponsor(this.#lapses === 0 ? undefined : this.#proof) ?? this.#proof;
    if (proof === undefined) return false;
    this.#proof = proof;
    let isHandedOn = false;
    const { position: at } = this.#state;
    const { signal } = this.#closing;
    const { selector, scope, guarded } = this.#name;
    const updates = this.#context.client.follow(
      {
        proof,
        selector: selector.canonical(),
        scope,
        guarded,
        at: at === undefined ? undefined : { ...at, digest: this.#state.digest },
      },
      { wait: true, deadlineMs: maxDeadlineMs, signal },
    );
    try {
      for await (const update of updates) {
        giveBack();
        isHandedOn = update.k === "lapsed" && this.#lapsed();
        if (!this.#isFor(update)) break;
        this.#take(update);
      }
    } finally {
      this.#unfollowed();
      // Those who watch need not know in whose name it is.
      if (!isHandedOn) this.#lost();
    }
    return isHandedOn;
  }

  /** Whether there is more to come. */
  #isFor(update: ChannelUpdate): boolean {
    if (update.k === "invalid") {
      this.#fallen("DATA_INVALID", update.message);
      return false;
    }
    if (update.k === "lapsed") return false;
    if (update.k === "stale" || update.k === "current") {
      this.#staleness = update.k === "stale" ? { at: performance.now() - update.age, reason: update.why } : undefined;
      this.#listeners.tell(undefined);
      return true;
    }
    if (update.k !== "open") return true;
    // What logic has said before, it says again.
    this.#staleness = undefined;
    this.#isMistaken = update.guarded !== this.#name.guarded;
    if (this.#isMistaken) {
      this.#trouble = undefined;
      this.#audience.onMistaken();
    } else this.#opened(update.key);
    return !this.#isMistaken;
  }

  #take(update: ChannelUpdate): void {
    if (!("o" in update)) return;
    const key = this.#key ?? [];
    const to = { epoch: update.e, offset: update.o };
    const from = this.#state.position;
    switch (update.k) {
      case "history":
        this.#history.push({ from: { epoch: update.e, offset: update.f }, to, changes: readChanges(update.d, key) });
        return;
      case "unchanged":
        if (from === undefined) throw this.#broken();
        this.#advance(from, to, nothing);
        break;
      case "delta":
        if (from?.epoch !== update.e || from.offset !== update.f) throw this.#broken();
        this.#advance(from, to, readChanges(update.d, key));
        break;
      case "snapshot":
        this.#restore(from, to, readSnapshot(update.rows, key));
        break;
    }
  }

  #restore(from: Position | undefined, to: Position, rows: ReadonlyMap<string, string>): void {
    this.#state.learn(this.#history);
    this.#history = [];
    if (from !== undefined) {
      // Those who watch are told what is different, not all of it again.
      this.#advance(from, to, diff(this.#state.rows, rows));
      return;
    }
    this.#state.begin(to, rows);
    this.#confirmed();
    this.#listeners.tell(undefined);
  }

  #advance(from: Position, to: Position, changes: Changes<string>): void {
    const isNews = this.#confirmed();
    if (!isSamePosition(from, to)) {
      this.#state.advance(to, changes);
      const [message] = this.#state.catchUp(from);
      if (message !== undefined) this.#listeners.tell({ from, message });
    } else if (isNews) this.#listeners.tell(undefined);
  }

  /** Logic has said how things are. Returns whether that was not known before. */
  #confirmed(): boolean {
    const isNews = !this.#isLive || this.#trouble !== undefined;
    this.#isLive = true;
    clearTimeout(this.#losing);
    this.#loss = undefined;
    this.#trouble = undefined;
    this.#lapses = 0;
    this.#backoff.reset();
    return isNews;
  }

  /** Returns whether it is worth asking in the name of another. When that is refused too, all are admitted anew. */
  #lapsed(): boolean {
    this.#lapses += 1;
    if (this.#lapses === 1) return true;
    this.#isMistaken = true;
    this.#audience.onMistaken();
    return false;
  }

  #opened(key: readonly string[]): void {
    const before = this.#key;
    this.#key = key;
    if (before === undefined) {
      this.#listeners.tell(undefined);
    } else if (before.join("\n") !== key.join("\n")) {
      // Those who watch have been told the other one.
      this.#key = before;
      throw new PeekError(
        "CONTRACT_INVALID",
        `${this.observable} has another key on logic than before. Bring its plugin to the same version on all services, and start them again.`,
      );
    }
  }

  #broken(): PeekError {
    return new PeekError(
      "VORTEX_FRAME_INVALID",
      `Logic has sent what does not follow on what is known of ${this.observable}. It is followed anew.`,
    );
  }

  #lost(): void {
    if (!this.#isLive || this.#closing.signal.aborted) return;
    this.#isLive = false;
    this.#listeners.tell(undefined);
  }

  /** What was known of it is good for a moment: until then it may be followed again. */
  #unfollowed(): void {
    if (!this.#isLive || this.#closing.signal.aborted) return;
    const at = Math.min(this.#context.knownAt(), this.#staleness?.at ?? Infinity);
    clearTimeout(this.#losing);
    this.#losing = setTimeout(
      () => {
        this.#loss = { at, reason: this.#trouble?.message ?? logicNotReached };
        this.#listeners.tell(undefined);
      },
      at + staleMs - performance.now(),
    ).unref();
  }

  #failed(error: unknown): void {
    // Who watches is told that things are stale, and nothing else.
    if (isOutage(error)) return;
    const isKnown = PeekError.is(error);
    const code = isKnown ? error.code : "INTERNAL";
    const message = messageOf(error);
    const { logger, rateLimit } = this.#context;
    const untold = rateLimit.count(`follow ${this.observable} ${code}`);
    if (untold !== undefined) {
      logger.warning(
        { code, ...(!isKnown && { err: error }) },
        "%s cannot be followed now; it is tried again: %s%s",
        this.observable,
        message,
        untold,
      );
    }
    this.#fallen(code, message);
  }

  #fallen(code: string, message: string): void {
    if (this.#trouble?.code === code && this.#trouble.message === message) return;
    this.#trouble = { code, message };
    if (this.#loss !== undefined) this.#loss = { ...this.#loss, reason: message };
    this.#listeners.tell(undefined);
  }
}

const nothing: Changes<string> = { removed: [], updated: [], inserted: [] };
