import { decode, readAction, type ActionType } from "@peek/plugin-base/contracts";
import type { Position } from "@peek/live-protocol";
import type { Channel } from "../channels/Channel.ts";
import { reportUncaught } from "../reportUncaught.ts";
import type { ActionRecord } from "../storage/StorageBackend.ts";
import type { FinalOutcome } from "./FinalOutcome.ts";

/** How long the update of an executed action stays if its channels are live and never show the effect. */
const maxUnconfirmedMs = 30_000;
/** With this many pending actions, removals of several are published together, after a delay. */
const manyActions = 50;
const batchDelayMs = 30;
/** The service accepts no more selectors with an action. */
const maxSelectors = 16;

type AnyChannel = Channel<never> | Channel<unknown>;

/** Shows the effect of an action on tuples before the service does. */
export interface OptimisticUpdate {
  readonly action: Pick<ActionType<unknown, unknown, unknown, unknown>, "name" | "schema" | "upgrade">;
  /** The name of the tuple type. */
  readonly tuple: string;
  /** Pure. */
  readonly change: (tuples: readonly unknown[], action: unknown) => readonly unknown[];
}

/** Where a channel shows the effect of an action. */
interface EffectPosition {
  readonly position: Position;
  /** The revision of the channel when the outcome came. */
  readonly revision: number;
}

/** An executed action whose effect some channels do not show yet. */
interface Executed {
  readonly record: ActionRecord;
  /** By selector: the channels that do not show the effect. */
  readonly missing: Map<string, EffectPosition>;
  timer: ReturnType<typeof setTimeout>;
}

/** The last result for a channel: actions that are pushed later are applied to it. */
interface Applied {
  readonly tuples: readonly unknown[];
  readonly actions: readonly ActionRecord[];
  readonly result: readonly unknown[];
}

/** Applies the updates of pending actions to the tuples of the service. */
export class OptimisticUpdates implements Disposable {
  readonly #channels: Iterable<Channel<unknown>>;
  readonly #updates = new Set<OptimisticUpdate>();
  readonly #executed = new Map<number, Executed>();
  #pending: readonly ActionRecord[] = [];
  readonly #decoded = new WeakMap<ActionRecord, unknown>();
  readonly #reported = new WeakSet<ActionRecord>();
  #applied = new WeakMap<AnyChannel, Applied>();
  #batch: ReturnType<typeof setTimeout> | undefined;

  constructor(channels: Iterable<Channel<unknown>>) {
    this.#channels = channels;
  }

  /** @returns A function that removes the update. */
  add(update: OptimisticUpdate): () => void {
    this.#updates.add(update);
    this.#updatesChanged();
    return () => {
      this.#updates.delete(update);
      this.#updatesChanged();
    };
  }

  /** Sets the pending actions, in order. */
  set pending(records: readonly ActionRecord[]) {
    const before = this.#pending;
    this.#pending = records;
    if (this.#updates.size === 0 || (records.length === before.length && startsWith(records, before))) return;
    if (records.length < manyActions || startsWith(records, before)) this.#refresh();
    else this.#batch ??= setTimeout(() => this.#refresh(), batchDelayMs);
  }

  /** The selectors of the channels that actions of a type affect; undefined if one of them is about to be subscribed. */
  affectedSelectors(type: string): readonly string[] | undefined {
    const channels = [...this.#channels].filter((channel) => this.#affects(type, channel.type.name));
    if (channels.some(({ subscription }) => subscription.isAwaited)) return undefined;
    return channels
      .filter(({ subscription }) => subscription.number !== undefined)
      .slice(0, maxSelectors)
      .map(({ sel }) => sel);
  }

  /**
   * An action has its outcome. If it was executed, its update stays until the channels have reached the positions that show its
   * effect. To be called before the action leaves {@link pending}.
   *
   * @param watch The selectors that were sent with the action.
   */
  settled(record: ActionRecord, outcome: FinalOutcome, watch: readonly string[]): void {
    if (outcome.kind !== "done") return;
    const missing: Executed["missing"] = new Map();
    for (const channel of this.#channels) {
      const place = watch.indexOf(channel.sel);
      const position = place === -1 ? undefined : outcome.at[place];
      if (position === undefined || position === null || !this.#affects(record.type, channel.type.name)) continue;
      missing.set(channel.sel, { position, revision: channel.revision });
    }
    if (missing.size === 0) return;
    clearTimeout(this.#executed.get(record.n)?.timer);
    this.#executed.set(record.n, { record, missing, timer: this.#expire(record.n) });
    for (const channel of this.#channels) this.#confirm(channel);
  }

  /** Applies the updates to the tuples of a channel; the same list if there are none. */
  apply<T>(channel: Channel<T>, tuples: readonly T[]): readonly T[] {
    const updates = [...this.#updates].filter(({ tuple }) => tuple === channel.type.name);
    if (updates.length === 0) return tuples;
    this.#confirm(channel);
    const actions = this.#actionsFor(channel.sel);
    const before = this.#applied.get(channel);
    const isContinued = before?.tuples === tuples && startsWith(actions, before.actions);
    let result: readonly unknown[] = isContinued ? before.result : tuples;
    for (const record of isContinued ? actions.slice(before.actions.length) : actions) {
      for (const { action, change } of updates) {
        if (action.name !== record.type) continue;
        try {
          result = change(result, this.#decode(record, action));
        } catch (error) {
          this.#report(record, error);
        }
      }
    }
    this.#applied.set(channel, { tuples, actions, result });
    // The updates are of the channel's tuple type.
    return result as readonly T[];
  }

  /** Forgets the executed actions: another user has logged in. */
  clear(): void {
    for (const { timer } of this.#executed.values()) clearTimeout(timer);
    this.#executed.clear();
  }

  [Symbol.dispose](): void {
    this.clear();
    clearTimeout(this.#batch);
    this.#updates.clear();
  }

  #updatesChanged(): void {
    this.#applied = new WeakMap();
    this.#refresh();
  }

  /** Drops an executed action after a while. A channel that is not live cannot show the effect, and gets more time. */
  #expire(n: number): ReturnType<typeof setTimeout> {
    return setTimeout(() => {
      const executed = this.#executed.get(n);
      if (executed === undefined) return;
      const isAway = [...this.#channels].some(
        ({ sel, liveMs }) => executed.missing.has(sel) && liveMs < maxUnconfirmedMs - 1000,
      );
      if (isAway) executed.timer = this.#expire(n);
      else {
        this.#executed.delete(n);
        this.#refresh();
      }
    }, maxUnconfirmedMs);
  }

  #affects(type: string, tuple: string): boolean {
    return this.#updates.values().some((update) => update.action.name === type && update.tuple === tuple);
  }

  /** The actions whose effect the service's tuples do not show, in order. */
  #actionsFor(sel: string): readonly ActionRecord[] {
    const executed = [...this.#executed.values()].filter(({ missing }) => missing.has(sel)).map(({ record }) => record);
    if (executed.length === 0) return this.#pending;
    const pending = this.#pending.filter(({ n }) => !this.#executed.has(n));
    return [...executed, ...pending].sort((a, b) => a.n - b.n);
  }

  /** Drops the executed actions whose effect the channel shows now. */
  #confirm(channel: AnyChannel): void {
    for (const [n, { missing, timer }] of this.#executed) {
      const effect = missing.get(channel.sel);
      if (effect === undefined || !hasReached(channel, effect)) continue;
      missing.delete(channel.sel);
      if (missing.size > 0) continue;
      clearTimeout(timer);
      this.#executed.delete(n);
    }
  }

  #refresh(): void {
    clearTimeout(this.#batch);
    this.#batch = undefined;
    for (const channel of this.#channels) channel.refresh();
  }

  #decode(record: ActionRecord, type: OptimisticUpdate["action"]): unknown {
    const known = this.#decoded.get(record);
    if (known !== undefined) return known;
    const action = readAction(type, decode(record.body), `the action ${record.type}`);
    this.#decoded.set(record, action);
    return action;
  }

  #report(record: ActionRecord, error: unknown): void {
    if (this.#reported.has(record)) return;
    this.#reported.add(record);
    reportUncaught(error);
  }
}

function startsWith(records: readonly ActionRecord[], start: readonly ActionRecord[]): boolean {
  return start.length <= records.length && start.every((record, place) => record === records[place]);
}

/** Whether the channel shows the effect of an action. */
function hasReached({ position, epochBefore, revision }: AnyChannel, effect: EffectPosition): boolean {
  const { epoch, offset } = effect.position;
  if (position === undefined) return false;
  if (position.epoch === epoch) return position.offset >= offset;
  // Logic has restarted: all its later messages include the effect.
  return epochBefore === epoch || revision > effect.revision;
}
