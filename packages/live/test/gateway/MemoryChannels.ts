import type { PeekUser } from "@peek/plugin-base";
import type { TupleSelector } from "@peek/plugin-base/contracts";
import type { ChannelMessage, ChannelSource, FollowedChannel } from "../../src/gateway/proxy/ChannelSource.ts";
import type { Admission } from "../../src/rpc/ObservablesRpc.ts";
import type { Position, Resume, Staleness } from "@peek/live-protocol";

type Change = { readonly from: Position; readonly message: ChannelMessage } | undefined;

/** A row of a channel, whose key is its id. */
export interface Row {
  readonly id: number;
  readonly text: string;
}

/** A channel in memory. It keeps which rows have changed when, and makes deltas of that. */
export class MemoryChannel implements FollowedChannel {
  readonly number: number;
  key: readonly string[] | undefined = ["id"];
  isLive = true;
  staleness: Staleness | undefined;
  trouble: { readonly code: string; readonly message: string } | undefined;
  epoch = "e1";
  offset: number | undefined;
  followers = 0;
  /** How often a message's text was asked for. */
  textsRead = 0;
  readonly #rows = new Map<number, { readonly row: Row; readonly offset: number }>();
  readonly #listeners = new Set<(change: Change) => void>();
  readonly #made = new Map<string, ChannelMessage>();

  constructor(number: number) {
    this.number = number;
  }

  get position(): Position | undefined {
    return this.offset === undefined ? undefined : { epoch: this.epoch, offset: this.offset };
  }

  get rows(): readonly Row[] {
    return [...this.#rows.values()].map(({ row }) => row);
  }

  /** Changes rows, and tells those who follow. */
  put(...rows: readonly Row[]): void {
    const from = this.position;
    this.offset = (this.offset ?? 0) + 1;
    this.#made.clear();
    for (const row of rows) this.#rows.set(row.id, { row, offset: this.offset });
    const [message] = from === undefined ? [] : this.catchUp(from);
    this.tell(from === undefined || message === undefined ? undefined : { from, message });
  }

  tell(change?: Change): void {
    for (const listener of this.#listeners) listener(change);
  }

  catchUp(at: Resume | undefined): readonly ChannelMessage[] {
    const { epoch, offset, number } = this;
    if (offset === undefined) return [];
    if (at?.epoch === epoch && at.offset === offset) return [];
    const name = at?.epoch === epoch ? String(at.offset) : "s";
    let made = this.#made.get(name);
    if (made === undefined) {
      const head = { c: number, e: epoch, o: offset };
      const changed = [...this.#rows.values()].filter((each) => at?.epoch === epoch && each.offset > at.offset);
      const inserted = changed.map(({ row }) => [row.id, row]);
      const delta = { t: "d", ...head, f: at?.offset, r: changed.map(({ row }) => String(row.id)), i: inserted };
      made = this.#message(name === "s" ? { t: "s", ...head, rows: this.rows } : delta);
      this.#made.set(name, made);
    }
    return [made];
  }

  onChange(listener: (change: Change) => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }

  [Symbol.dispose](): void {
    this.followers -= 1;
  }

  #message(value: object): ChannelMessage {
    const text = JSON.stringify(value);
    const to = { epoch: this.epoch, offset: this.offset ?? 0 };
    const read = (): void => void (this.textsRead += 1);
    return {
      get text() {
        read();
        return text;
      },
      to,
    };
  }
}

/** What a gateway watches, in memory. */
export class MemoryChannels implements ChannelSource {
  staleness: Staleness | undefined;
  admissions = 0;
  /** How often a channel was followed. */
  follows = 0;
  /** What is answered to who asks. */
  admitting: (user: PeekUser, selector: TupleSelector, signal: AbortSignal) => Admission | Promise<Admission> = () => ({
    ok: true,
    scope: "",
    guarded: false,
  });
  /** Why nothing can be followed, if so. */
  refusal: Error | undefined;
  readonly #channels = new Map<string, MemoryChannel>();
  readonly #staleness = new Set<() => void>();
  readonly #reached = new Set<() => void>();
  readonly #rights = new Set<(observable: string) => void>();

  /** Those that somebody follows. */
  get followed(): number {
    return [...this.#channels.values()].filter((each) => each.followers > 0).length;
  }

  channel(selector: TupleSelector, scope = ""): MemoryChannel {
    const key = `${selector.canonical()}\n${scope}`;
    let channel = this.#channels.get(key);
    if (channel === undefined) this.#channels.set(key, (channel = new MemoryChannel(this.#channels.size + 1)));
    return channel;
  }

  async admit(proof: string, selector: TupleSelector, signal: AbortSignal): Promise<Admission> {
    this.admissions += 1;
    return this.admitting({ id: proof, name: proof, groups: [], anonymous: false }, selector, signal);
  }

  follow(selector: TupleSelector, scope: string): FollowedChannel {
    if (this.refusal !== undefined) throw this.refusal;
    const channel = this.channel(selector, scope);
    channel.followers += 1;
    this.follows += 1;
    return channel;
  }

  onStaleness(listener: () => void): Disposable {
    this.#staleness.add(listener);
    return { [Symbol.dispose]: () => void this.#staleness.delete(listener) };
  }

  onReached(listener: () => void): Disposable {
    this.#reached.add(listener);
    return { [Symbol.dispose]: () => void this.#reached.delete(listener) };
  }

  onRightsChanged(listener: (observable: string) => void): Disposable {
    this.#rights.add(listener);
    return { [Symbol.dispose]: () => void this.#rights.delete(listener) };
  }

  /** Loses logic, or finds it again. */
  turn(isUpstream: boolean): void {
    for (const each of this.#channels.values()) each.isLive = false;
    this.silence(!isUpstream);
    if (isUpstream) for (const listener of this.#reached) listener();
  }

  /** Has logic answer no more, though nothing is cut; or answer again. */
  silence(isSilent: boolean): void {
    this.staleness = isSilent ? { at: performance.now() - 3000, reason: "Logic does not answer" } : undefined;
    for (const listener of this.#staleness) listener();
  }

  rightsChanged(observable: string): void {
    for (const listener of this.#rights) listener(observable);
  }
}
