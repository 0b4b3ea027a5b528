import { messageOf } from "@peek/errors";
import { decode } from "@peek/plugin-base/contracts";
import type { PendingAction } from "../api.ts";
import { ObservableValue } from "../ObservableValue.ts";
import type { ActionRecord } from "../storage/StorageBackend.ts";
import { userHash } from "../storage/userHash.ts";
import { laneKey } from "./laneKey.ts";

type Trouble = NonNullable<PendingAction["error"]>;

/** An action, and what was shown of it last. */
interface Entry {
  readonly record: ActionRecord;
  readonly action: unknown;
  /** What {@link laneKey} gives: made once, for it is asked for often. */
  readonly lane: string;
  /** Why the service had it wait. */
  trouble?: Trouble;
  shown?: PendingAction;
}

/** The actions of this device that are not confirmed, as far as this tab knows. */
export class PendingActions {
  readonly pending = new ObservableValue<readonly PendingAction[]>([]);
  readonly #tab: string;
  readonly #changed: () => void;
  /** By number, in the order of the numbers. */
  #entries = new Map<number, Entry>();
  #last = 0;
  #sent: ReadonlySet<number> = new Set();
  #isHeard = false;
  /** By lane of the user: up to which sequence all that are not answered are in the list. */
  readonly #complete = new Map<string, number>();
  #user: string | undefined;
  #mark: string | undefined;
  #lanes: ReadonlyMap<string, readonly ActionRecord[]> | undefined;
  #isDue = false;

  /** @param changed Called after each change of what is pending. */
  constructor(tab: string, changed: () => void) {
    this.#tab = tab;
    this.#changed = changed;
  }

  /** The user whose actions are shown, and sent. */
  set user(user: string | undefined) {
    if (user !== this.#user) this.#complete.clear();
    this.#user = user;
    this.#mark = user === undefined ? undefined : userHash(user);
    this.#touch();
  }

  get(n: number): ActionRecord | undefined {
    return this.#entries.get(n)?.record;
  }

  byId(id: string): ActionRecord | undefined {
    return this.#entries.values().find(({ record }) => record.id === id)?.record;
  }

  /** Those of the user that are not rejected, in the order in which they were pushed. */
  get unconfirmed(): readonly ActionRecord[] {
    return this.#visible().flatMap(({ record }) => (record.error === undefined ? [record] : []));
  }

  /**
   * Those that are to be sent, by lane and in order: of the user, and not rejected. Not those that come after one that only
   * another tab knows: the service would be told that it was answered.
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
    // Numbers that were given late are not in the order in which the actions were pushed.
    for (const lane of lanes.values()) lane.sort((a, b) => a.seq - b.seq);
    this.#lanes = lanes;
    return lanes;
  }

  /** Whether there are some that may not be sent before the device was read again. */
  get isIncomplete(): boolean {
    return this.#entries
      .values()
      .some(({ record, lane }) => this.#isOfUser(record) && record.seq > this.#completeTo(lane));
  }

  /** Takes all that the device has. */
  replace(records: readonly ActionRecord[]): void {
    this.#entries = new Map(records.map((record) => [record.n, this.#entryOf(record)]));
    for (const { record, lane } of this.#entries.values()) {
      if (this.#isOfUser(record)) this.#complete.set(lane, Math.max(this.#completeTo(lane), record.seq));
    }
    this.#last = Math.max(this.#last, records.at(-1)?.n ?? 0);
    this.#touch();
  }

  put(record: ActionRecord): void {
    const isNew = !this.#entries.has(record.n);
    const entry = this.#entryOf(record);
    if (this.#isOfUser(record) && record.seq === this.#completeTo(entry.lane) + 1) {
      this.#complete.set(entry.lane, record.seq);
    }
    this.#entries.set(record.n, entry);
    // Another tab is told of it late.
    if (isNew && record.n < this.#last) this.#entries = new Map([...this.#entries].sort(([a], [b]) => a - b));
    this.#last = Math.max(this.#last, record.n);
    this.#touch();
  }

  remove(n: number): void {
    if (this.#entries.delete(n)) this.#touch();
  }

  /** Whether the service is heard. While it is not, none is shown as being with it: whichever tab has sent it. */
  set isHeard(isHeard: boolean) {
    this.#isHeard = isHeard;
    this.#touch();
  }

  /** Which are with the service. */
  sent(ns: Iterable<number>): void {
    this.#sent = new Set(ns);
    this.#touch();
  }

  /** The service has had one wait. */
  waits(n: number, trouble: Trouble): void {
    const entry = this.#entries.get(n);
    if (entry === undefined) return;
    entry.trouble = trouble;
    this.#touch();
  }

  #isOfUser({ user }: ActionRecord): boolean {
    return user !== undefined && user === this.#user;
  }

  #completeTo(lane: string): number {
    return this.#complete.get(lane) ?? 0;
  }

  #visible(): Entry[] {
    return [...this.#entries.values()].filter(({ record: { user, supposed = this.#mark, tab } }) =>
      user === undefined ? tab === this.#tab || supposed === this.#mark : user === this.#user,
    );
  }

  /** The entry that is known already, when it says the same. */
  #entryOf(record: ActionRecord): Entry {
    const known = this.#entries.get(record.n);
    if (known === undefined) return readable(record);
    const merged = { ...known.record, ...record };
    const isSame = known.record.seq === merged.seq && known.record.error?.code === merged.error?.code;
    return isSame ? known : { ...known, record: merged, lane: laneKey(merged) };
  }

  /** What is pending is told once, after all that happens at a time. */
  #touch(): void {
    this.#lanes = undefined;
    if (this.#isDue) return;
    this.#isDue = true;
    queueMicrotask(() => this.#refresh());
  }

  #refresh(): void {
    this.#isDue = false;
    const before = this.pending.getSnapshot();
    const pending = this.#visible().map((entry) => this.#show(entry));
    const isSame = pending.length === before.length && pending.every((each, place) => each === before[place]);
    if (isSame) return;
    this.pending.set(Object.freeze(pending));
    this.#changed();
  }

  #show(entry: Entry): PendingAction {
    const { record, action, trouble, shown } = entry;
    const { id, type, lane, at, error = trouble } = record;
    const status =
      record.error !== undefined ? "rejected" : this.#isHeard && this.#sent.has(record.n) ? "sent" : "queued";
    if (shown?.status === status && shown.error === error) return shown;
    entry.shown = { id, type, action, lane, pushedAt: at, status, ...(error !== undefined && { error }) };
    return entry.shown;
  }
}

/** What cannot be read, which another version of the page has pushed, holds up nothing. */
function readable(record: ActionRecord): Entry {
  const lane = laneKey(record);
  try {
    return { record, lane, action: decode(record.body) };
  } catch (error) {
    const why = { code: "DATA_INVALID", message: messageOf(error) };
    return { record: { ...record, error: why }, lane, action: undefined };
  }
}
