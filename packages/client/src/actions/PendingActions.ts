import { messageOf } from "@peek/errors";
import { decode } from "@peek/plugin-base/contracts";
import type { PendingAction } from "../api.ts";
import { ObservableValue } from "../ObservableValue.ts";
import type { ActionRecord } from "../storage/StorageBackend.ts";
import { userHash } from "../storage/userHash.ts";
import { laneKey } from "./laneKey.ts";

type ActionError = NonNullable<PendingAction["error"]>;

/** An action, and its last published state. */
interface Entry {
  readonly record: ActionRecord;
  readonly action: unknown;
  /** The {@link laneKey}, which is needed often. */
  readonly lane: string;
  /** Why the service wants it later. */
  delay?: ActionError;
  shown?: PendingAction;
}

/** The unconfirmed actions of this device, as far as this tab knows. */
export class PendingActions {
  readonly pending = new ObservableValue<readonly PendingAction[]>([]);
  readonly #tab: string;
  readonly #changed: () => void;
  /** By number, in the order of the numbers. */
  #entries = new Map<number, Entry>();
  #last = 0;
  #sent: ReadonlySet<number> = new Set();
  #isReachable = false;
  /** By lane of the user: the sequence number up to which the list has all unanswered actions. */
  readonly #complete = new Map<string, number>();
  #user: string | undefined;
  #hash: string | undefined;
  #lanes: ReadonlyMap<string, readonly ActionRecord[]> | undefined;
  #isPublishDue = false;

  /** @param changed Called after each change of {@link pending}. */
  constructor(tab: string, changed: () => void) {
    this.#tab = tab;
    this.#changed = changed;
  }

  /** The user whose actions are shown and sent. */
  set user(user: string | undefined) {
    if (user !== this.#user) this.#complete.clear();
    this.#user = user;
    this.#hash = user === undefined ? undefined : userHash(user);
    this.#publishLater();
  }

  get(n: number): ActionRecord | undefined {
    return this.#entries.get(n)?.record;
  }

  byId(id: string): ActionRecord | undefined {
    return this.#entries.values().find(({ record }) => record.id === id)?.record;
  }

  /** Whether the service cannot read an action, since it is of another version of its type. */
  isUnfit(n: number): boolean {
    return this.#entries.get(n)?.delay?.code === "ACTION_UPDATE_NEEDED";
  }

  /** The actions of the user that are not rejected, in the order in which they were pushed. */
  get unconfirmed(): readonly ActionRecord[] {
    return this.#visible().flatMap(({ record }) => (record.error === undefined ? [record] : []));
  }

  /**
   * The actions to send, by lane and in order. Actions after one that only another tab knows are not among them: sending them would
   * acknowledge it.
   */
  get lanes(): ReadonlyMap<string, readonly ActionRecord[]> {
    if (this.#lanes !== undefined) return this.#lanes;
    const lanes = new Map<string, ActionRecord[]>();
    for (const { record, lane } of this.#entries.values()) {
      if (!this.#isOfUser(record) || record.error !== undefined || record.seq > this.#completeTo(lane)) continue;
      const records = lanes.get(lane);
      if (records === undefined) lanes.set(lane, [record]);
      else records.push(record);
    }
    // A claimed action has a late sequence number and an early `n`.
    for (const lane of lanes.values()) lane.sort((a, b) => a.seq - b.seq);
    this.#lanes = lanes;
    return lanes;
  }

  /** Whether some actions may not be sent before the device is read again. */
  get isIncomplete(): boolean {
    return this.#entries
      .values()
      .some(({ record, lane }) => this.#isOfUser(record) && record.seq > this.#completeTo(lane));
  }

  /** Replaces all actions by those of the device. */
  replace(records: readonly ActionRecord[]): void {
    this.#entries = new Map(records.map((record) => [record.n, this.#entryOf(record)]));
    for (const { record, lane } of this.#entries.values()) {
      if (this.#isOfUser(record)) this.#complete.set(lane, Math.max(this.#completeTo(lane), record.seq));
    }
    this.#last = Math.max(this.#last, records.at(-1)?.n ?? 0);
    this.#publishLater();
  }

  put(record: ActionRecord): void {
    const isNew = !this.#entries.has(record.n);
    const entry = this.#entryOf(record);
    if (this.#isOfUser(record) && record.seq === this.#completeTo(entry.lane) + 1) {
      this.#complete.set(entry.lane, record.seq);
    }
    this.#entries.set(record.n, entry);
    // The message of another tab was late.
    if (isNew && record.n < this.#last) this.#entries = new Map([...this.#entries].sort(([a], [b]) => a - b));
    this.#last = Math.max(this.#last, record.n);
    this.#publishLater();
  }

  remove(n: number): void {
    if (this.#entries.delete(n)) this.#publishLater();
  }

  /** Whether the service is reachable. While it is not, no action is shown as sent. */
  set isReachable(isReachable: boolean) {
    this.#isReachable = isReachable;
    this.#publishLater();
  }

  /** Sets the actions that are sent and unanswered. */
  sent(ns: Iterable<number>): void {
    this.#sent = new Set(ns);
    this.#publishLater();
  }

  /** The service wants an action later. @param delay Why. */
  delayed(n: number, delay: ActionError): void {
    const entry = this.#entries.get(n);
    if (entry === undefined) return;
    entry.delay = delay;
    this.#publishLater();
  }

  #isOfUser({ user }: ActionRecord): boolean {
    return user !== undefined && user === this.#user;
  }

  #completeTo(lane: string): number {
    return this.#complete.get(lane) ?? 0;
  }

  #visible(): Entry[] {
    return [...this.#entries.values()].filter(({ record: { user, supposed = this.#hash, tab } }) =>
      user === undefined ? tab === this.#tab || supposed === this.#hash : user === this.#user,
    );
  }

  /** The known entry if the record does not change it. */
  #entryOf(record: ActionRecord): Entry {
    const known = this.#entries.get(record.n);
    if (known === undefined) return decodedEntry(record);
    const merged = { ...known.record, ...record };
    const isSame = known.record.seq === merged.seq && known.record.error?.code === merged.error?.code;
    return isSame ? known : { ...known, record: merged, lane: laneKey(merged) };
  }

  /** Publishes once, after all changes of the present task. */
  #publishLater(): void {
    this.#lanes = undefined;
    if (this.#isPublishDue) return;
    this.#isPublishDue = true;
    queueMicrotask(() => this.#publish());
  }

  #publish(): void {
    this.#isPublishDue = false;
    const before = this.pending.getSnapshot();
    const pending = this.#visible().map((entry) => this.#pendingAction(entry));
    const isSame = pending.length === before.length && pending.every((each, place) => each === before[place]);
    if (isSame) return;
    this.pending.set(Object.freeze(pending));
    this.#changed();
  }

  #pendingAction(entry: Entry): PendingAction {
    const { record, action, delay, shown } = entry;
    const { id, type, lane, at, error = delay } = record;
    const status =
      record.error !== undefined ? "rejected" : this.#isReachable && this.#sent.has(record.n) ? "sent" : "queued";
    if (shown?.status === status && shown.error === error) return shown;
    entry.shown = { id, type, action, lane, pushedAt: at, status, ...(error !== undefined && { error }) };
    return entry.shown;
  }
}

/** An unreadable action, which another version of the page has pushed, is rejected: it must not block its lane. */
function decodedEntry(record: ActionRecord): Entry {
  const lane = laneKey(record);
  try {
    return { record, lane, action: decode(record.body) };
  } catch (error) {
    const unreadable = { code: "DATA_INVALID", message: messageOf(error) };
    return { record: { ...record, error: unreadable }, lane, action: undefined };
  }
}
