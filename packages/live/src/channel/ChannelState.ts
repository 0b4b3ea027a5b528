import {
  applyChanges,
  type Changes,
  deltaFields,
  digestOf,
  isSamePosition,
  mergeChanges,
  type Position,
  positionKey,
  type Resume,
} from "@peek/live-protocol";
import { DeltaRing, type Step } from "./DeltaRing.ts";
import type { RingBudget } from "./RingBudget.ts";

/** Writes the state of a channel, and its changes, as messages to its followers. */
export interface StateWriter<Message> {
  /** @param rows A JSON list. */
  snapshot(at: Position, rows: string): Message;
  /** @param fields As {@link deltaFields} returns them. */
  delta(from: Position, to: Position, fields: string): Message;
  unchanged(at: Position): Message;
}

/** How many characters of written deltas are kept for further followers that come from the same positions. */
const maxWrittenChars = 4 * 1024 * 1024;

/** By how many characters a delta may be longer than one and a half snapshots. */
const slackChars = 1024;
/** A delta with more characters may not be longer than the snapshot. */
const maxSlackChars = 1024 * 1024;

const snapshotKey = "snapshot";
const unchangedKey = "unchanged";

/** The tuples of a channel, its position, and its latest steps. Each message is written once for all followers. */
export class ChannelState<Message> implements Disposable {
  readonly #writer: StateWriter<Message>;
  readonly #ring: DeltaRing;
  readonly #rows = new Map<string, string>();
  #position: Position | undefined;
  /** The messages that were written at the present position, by the position where they begin. */
  readonly #written = new Map<string, readonly Message[]>();
  #writtenChars = 0;
  #digest: string | undefined;
  #chars: number | undefined;

  constructor(writer: StateWriter<Message>, budget: RingBudget) {
    this.#writer = writer;
    this.#ring = new DeltaRing(budget);
  }

  /** The JSON of each tuple by its key, in order. */
  get rows(): ReadonlyMap<string, string> {
    return this.#rows;
  }

  /** Undefined until there are tuples. */
  get position(): Position | undefined {
    return this.#position;
  }

  get digest(): string {
    this.#digest ??= digestOf(this.#rows.values());
    return this.#digest;
  }

  /** How many characters a JSON list of all tuples has. */
  get chars(): number {
    if (this.#chars === undefined) {
      this.#chars = 2;
      for (const text of this.#rows.values()) this.#chars += text.length + 1;
    }
    return this.#chars;
  }

  /** How many characters of its history it keeps. */
  get historyChars(): number {
    return this.#ring.chars;
  }

  /** Takes the first tuples. */
  begin(at: Position, rows: ReadonlyMap<string, string>): void {
    this.#rows.clear();
    for (const [key, text] of rows) this.#rows.set(key, text);
    this.#moved(at);
  }

  /** Moves to another position by changes, of which there may be none. */
  advance(to: Position, changes: Changes<string>): void {
    const from = this.#position;
    if (from === undefined) return;
    applyChanges(this.#rows, changes);
    this.#ring.push({ from, to, changes });
    this.#moved(to);
  }

  /** Learns steps that lead to the position that follows. Only before {@link begin} or {@link advance}. */
  learn(steps: readonly Step[]): void {
    for (const step of steps) this.#ring.push(step);
  }

  /** The latest steps in their order, limited by a number of characters and of steps. */
  newest(chars: number, steps: number): readonly Step[] {
    return this.#ring.newest(chars, steps);
  }

  /**
   * The messages that bring a follower to the channel's position, in order; none when it is there, or when there are no tuples. The
   * same objects for all that come from the same position.
   *
   * @param at The follower's position; undefined: none.
   */
  catchUp(at: Resume | undefined): readonly Message[] {
    const to = this.#position;
    if (to === undefined) return [];
    if (at === undefined) return this.#snapshot(to);
    if (isSamePosition(at, to)) return [];
    const delta = this.#delta(at, to);
    if (delta !== undefined) return delta;
    // A digest takes time: it is not computed unless there is one to compare it with.
    return at.digest !== undefined && at.digest !== "" && at.digest === this.digest
      ? this.unchanged()
      : this.#snapshot(to);
  }

  /** The message that confirms the tuples of a follower at the channel's position; none when there are no tuples. */
  unchanged(): readonly Message[] {
    const at = this.#position;
    if (at === undefined) return [];
    return this.#written.get(unchangedKey) ?? this.#keep(unchangedKey, [this.#writer.unchanged(at)]);
  }

  [Symbol.dispose](): void {
    this.#ring[Symbol.dispose]();
    this.#written.clear();
  }

  #moved(to: Position): void {
    this.#position = to;
    this.#written.clear();
    this.#writtenChars = 0;
    this.#digest = undefined;
    this.#chars = undefined;
  }

  #snapshot(at: Position): readonly Message[] {
    const known = this.#written.get(snapshotKey);
    if (known !== undefined) return known;
    return this.#keep(snapshotKey, [this.#writer.snapshot(at, `[${[...this.#rows.values()].join(",")}]`)]);
  }

  /** Undefined when the steps from that position are not kept, or the snapshot is much shorter. */
  #delta(at: Resume, to: Position): readonly Message[] | undefined {
    const key = positionKey(at);
    const known = this.#written.get(key);
    if (known !== undefined) return known.length === 0 ? undefined : known;
    const steps = this.#ring.since(at);
    if (steps === undefined) return undefined;
    const fields = deltaFields(
      mergeChanges(
        steps.map(({ changes }) => changes),
        this.#rows,
      ),
    );
    if (!this.#isWorthIt(fields)) {
      this.#keep(key, []);
      return undefined;
    }
    const messages = [this.#writer.delta({ epoch: at.epoch, offset: at.offset }, to, fields)];
    this.#writtenChars += fields.length;
    return this.#writtenChars > maxWrittenChars ? messages : this.#keep(key, messages);
  }

  /** A follower of a delta need not compare all tuples: that is worth some length, but not any. */
  #isWorthIt(fields: string): boolean {
    const { length } = fields;
    if (length <= slackChars || length <= this.chars) return true;
    return length <= maxSlackChars && length <= slackChars + 1.5 * this.chars;
  }

  #keep(key: string, messages: readonly Message[]): readonly Message[] {
    this.#written.set(key, messages);
    return messages;
  }
}
