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

/** How what a channel says is written for those who follow it. */
export interface StateWriter<Message> {
  /** @param rows A JSON list. */
  snapshot(at: Position, rows: string): Message;
  /** @param fields As {@link deltaFields} makes them. */
  delta(from: Position, to: Position, fields: string): Message;
  unchanged(at: Position): Message;
}

/** How much of what was written is kept for others who ask for the same, besides the snapshot; characters. */
const maxWrittenChars = 4 * 1024 * 1024;

/** A delta may be longer than the snapshot by so much, and by half as much again; characters. */
const slackChars = 1024;
/** One that is longer than this may not be longer than the snapshot; characters. */
const maxSlackChars = 1024 * 1024;

const snapshotKey = "snapshot";
const unchangedKey = "unchanged";

/** The tuples of a channel, where it is, and how it came there. What it says is written once for all who are told the same. */
export class ChannelState<Message> implements Disposable {
  readonly #writer: StateWriter<Message>;
  readonly #ring: DeltaRing;
  readonly #rows = new Map<string, string>();
  #position: Position | undefined;
  /** What was written since it stands still, by where it begins. */
  readonly #written = new Map<string, readonly Message[]>();
  #writtenChars = 0;
  #digest: string | undefined;
  #chars: number | undefined;

  constructor(writer: StateWriter<Message>, budget: RingBudget) {
    this.#writer = writer;
    this.#ring = new DeltaRing(budget);
  }

  /** The JSON text of each tuple by its key, in order. */
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

  /** How long a JSON list of all tuples is; characters. */
  get chars(): number {
    if (this.#chars === undefined) {
      this.#chars = 2;
      for (const text of this.#rows.values()) this.#chars += text.length + 1;
    }
    return this.#chars;
  }

  /** How much of its history it keeps; characters. */
  get historyChars(): number {
    return this.#ring.chars;
  }

  /** Has the first tuples. */
  begin(at: Position, rows: ReadonlyMap<string, string>): void {
    this.#rows.clear();
    for (const [key, text] of rows) this.#rows.set(key, text);
    this.#moved(at);
  }

  /** Comes to another position by changes, of which there may be none. */
  advance(to: Position, changes: Changes<string>): void {
    const from = this.#position;
    if (from === undefined) return;
    applyChanges(this.#rows, changes);
    this.#ring.push({ from, to, changes });
    this.#moved(to);
  }

  /** Learns how the channel came elsewhere to where it is about to be: steps that lead there. Only before {@link begin} or {@link advance}. */
  learn(steps: readonly Step[]): void {
    for (const step of steps) this.#ring.push(step);
  }

  /** The newest steps, the oldest of them first; no more than a number of characters and of steps. */
  newest(chars: number, steps: number): readonly Step[] {
    return this.#ring.newest(chars, steps);
  }

  /** What brings one from where it is to where the channel is; nothing when it is there, or the channel is nowhere. */
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

  /** That it is as it is; nothing when it is nowhere. */
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

  /** Undefined when the steps from there are not kept, or the snapshot is much shorter. */
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

  /** Those who are told what has changed need not find it out; that is worth something, but not any length. */
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
