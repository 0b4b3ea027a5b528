import { checkData, decode, type ActionType } from "@peek/plugin-base/contracts";
import type { Position } from "@peek/live-protocol";
import type { Channel } from "../channels/Channel.ts";
import { reportUncaught } from "../reportUncaught.ts";
import type { ActionRecord } from "../storage/StorageBackend.ts";
import type { FinalOutcome } from "../tabs/TabMessage.ts";

/** How long an action that is done is foretold, when its channels are live and do not show it; milliseconds. */
const longestMs = 30_000;
/** From how many pending actions on it is not told of each at once that it is gone, and how long that takes; milliseconds. */
const many = 50;
const gatherMs = 30;
/** How many selectors the service takes with an action. */
const maxWatch = 16;

interface Expectation {
  readonly action: Pick<ActionType<unknown, unknown, unknown, unknown>, "name" | "schema">;
  readonly tuple: string;
  readonly change: (tuples: readonly unknown[], action: unknown) => readonly unknown[];
}

/** An action that is done, and not shown yet everywhere. */
interface Done {
  readonly record: ActionRecord;
  /** By selector, where it is shown, and where the channel was when we were told. */
  readonly shownAt: Map<string, { readonly position: Position; readonly revision: number }>;
  timer: ReturnType<typeof setTimeout>;
}

/** What was foretold of a channel last: what is pushed after it changes that alone. */
interface Foretold {
  readonly tuples: readonly unknown[];
  readonly ahead: readonly ActionRecord[];
  readonly shown: readonly unknown[];
}

/** What actions are going to do, over what the service says. */
export class OptimisticUpdates implements Disposable {
  readonly #channels: Iterable<Channel<unknown>>;
  readonly #expectations = new Set<Expectation>();
  readonly #done = new Map<number, Done>();
  #pending: readonly ActionRecord[] = [];
  readonly #actions = new WeakMap<ActionRecord, unknown>();
  readonly #reported = new WeakSet<ActionRecord>();
  #foretold = new WeakMap<Channel<never> | Channel<unknown>, Foretold>();
  #gathering: ReturnType<typeof setTimeout> | undefined;

  constructor(channels: Iterable<Channel<unknown>>) {
    this.#channels = channels;
  }

  /** @returns What ends it. */
  expect(expectation: Expectation): () => void {
    this.#expectations.add(expectation);
    this.#begin();
    return () => {
      this.#expectations.delete(expectation);
      this.#begin();
    };
  }

  /** These are not answered, in their order. */
  set pending(records: readonly ActionRecord[]) {
    const before = this.#pending;
    this.#pending = records;
    if (this.#expectations.size === 0 || (records.length === before.length && isBegunBy(before, records))) return;
    if (records.length < many || isBegunBy(before, records)) this.#refresh();
    else this.#gathering ??= setTimeout(() => this.#refresh(), gatherMs);
  }

  /** The selectors of channels that an action of the type changes; undefined: one of them is about to be watched. */
  watchOf(type: string): readonly string[] | undefined {
    const channels = [...this.#channels].filter((channel) => this.#concerns(type, channel.type.name));
    if (channels.some((channel) => channel.isAwaited)) return undefined;
    return channels
      .filter(({ number }) => number !== undefined)
      .slice(0, maxWatch)
      .map(({ sel }) => sel);
  }

  /** An action is done: it is foretold until channels have come to where it is shown. To be called before it is no longer pending. */
  settled(record: ActionRecord, outcome: FinalOutcome, watch: readonly string[]): void {
    if (outcome.kind !== "done") return;
    const shownAt: Done["shownAt"] = new Map();
    for (const channel of this.#channels) {
      const place = watch.indexOf(channel.sel);
      const position = place === -1 ? undefined : outcome.at[place];
      if (position === undefined || position === null || !this.#concerns(record.type, channel.type.name)) continue;
      shownAt.set(channel.sel, { position, revision: channel.revision });
    }
    if (shownAt.size === 0) return;
    clearTimeout(this.#done.get(record.n)?.timer);
    this.#done.set(record.n, { record, shownAt, timer: this.#expiry(record.n) });
    for (const channel of this.#channels) this.#prune(channel);
  }

  /** The tuples as they will be; the same list when nothing is foretold. */
  applyOptimistic<T>(channel: Channel<T>, tuples: readonly T[]): readonly T[] {
    const expectations = [...this.#expectations].filter(({ tuple }) => tuple === channel.type.name);
    if (expectations.length === 0) return tuples;
    this.#prune(channel);
    const ahead = this.#ahead(channel.sel);
    const before = this.#foretold.get(channel);
    const isMore = before?.tuples === tuples && isBegunBy(before.ahead, ahead);
    let shown: readonly unknown[] = isMore ? before.shown : tuples;
    for (const record of isMore ? ahead.slice(before.ahead.length) : ahead) {
      for (const { action, change } of expectations) {
        if (action.name !== record.type) continue;
        try {
          shown = change(shown, this.#actionOf(record, action.schema));
        } catch (error) {
          this.#report(record, error);
        }
      }
    }
    this.#foretold.set(channel, { tuples, ahead, shown });
    // Expectations are of the tuple type that the channel is of.
    return shown as readonly T[];
  }

  /** Nothing is foretold any more of what is done: another user has come. */
  forget(): void {
    for (const { timer } of this.#done.values()) clearTimeout(timer);
    this.#done.clear();
  }

  [Symbol.dispose](): void {
    this.forget();
    clearTimeout(this.#gathering);
    this.#expectations.clear();
  }

  /** What was foretold by other expectations is of no use. */
  #begin(): void {
    this.#foretold = new WeakMap();
    this.#refresh();
  }

  /** While a channel is not live, it cannot show anything. */
  #expiry(n: number): ReturnType<typeof setTimeout> {
    return setTimeout(() => {
      const done = this.#done.get(n);
      if (done === undefined) return;
      const isAway = [...this.#channels].some(({ sel, liveMs }) => done.shownAt.has(sel) && liveMs < longestMs - 1000);
      if (isAway) done.timer = this.#expiry(n);
      else {
        this.#done.delete(n);
        this.#refresh();
      }
    }, longestMs);
  }

  #concerns(type: string, tuple: string): boolean {
    return this.#expectations.values().some((each) => each.action.name === type && each.tuple === tuple);
  }

  /** The actions that a channel does not show yet, in their order. */
  #ahead(sel: string): readonly ActionRecord[] {
    const done = [...this.#done.values()].filter(({ shownAt }) => shownAt.has(sel)).map(({ record }) => record);
    if (done.length === 0) return this.#pending;
    const pending = this.#pending.filter(({ n }) => !this.#done.has(n));
    return [...done, ...pending].sort((a, b) => a.n - b.n);
  }

  /** Takes out what a channel shows by now. */
  #prune(channel: Channel<never> | Channel<unknown>): void {
    for (const [n, { shownAt, timer }] of this.#done) {
      const wanted = shownAt.get(channel.sel);
      if (wanted === undefined || !isShown(wanted, channel)) continue;
      shownAt.delete(channel.sel);
      if (shownAt.size > 0) continue;
      clearTimeout(timer);
      this.#done.delete(n);
    }
  }

  #refresh(): void {
    clearTimeout(this.#gathering);
    this.#gathering = undefined;
    for (const channel of this.#channels) channel.refresh();
  }

  #actionOf(record: ActionRecord, schema: Expectation["action"]["schema"]): unknown {
    const known = this.#actions.get(record);
    if (known !== undefined) return known;
    const action = checkData(schema, decode(record.body), `the action ${record.type}`);
    this.#actions.set(record, action);
    return action;
  }

  #report(record: ActionRecord, error: unknown): void {
    if (this.#reported.has(record)) return;
    this.#reported.add(record);
    reportUncaught(error);
  }
}

/** Whether a list begins with all that another has. */
function isBegunBy(beginning: readonly ActionRecord[], records: readonly ActionRecord[]): boolean {
  return beginning.length <= records.length && beginning.every((record, place) => record === records[place]);
}

function isShown(
  wanted: { readonly position: Position; readonly revision: number },
  { position, epochBefore, revision }: Channel<never> | Channel<unknown>,
): boolean {
  const { epoch, offset } = wanted.position;
  if (position === undefined) return false;
  if (position.epoch === epoch) return position.offset >= offset;
  // Logic has begun anew: whatever it has said since includes it.
  return epochBefore === epoch || revision > wanted.revision;
}
