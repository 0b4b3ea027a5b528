import { type Changes, type Position, positionKey } from "@peek/live-protocol";
import type { RingBudget, Trimmable } from "./RingBudget.ts";

/** The changes by which a channel moved from one position to another. */
export interface Step {
  readonly from: Position;
  readonly to: Position;
  readonly changes: Changes<string>;
}

/** How many characters of its history one channel keeps. */
const maxChars = 8 * 1024 * 1024;
/** How many steps one channel keeps. */
const maxSteps = 10_000;

/** How much a step takes besides its texts, approximately, in characters. */
const stepChars = 200;

/** The latest steps of a channel, by the position where they begin. */
export class DeltaRing implements Trimmable, Disposable {
  readonly #budget: RingBudget;
  /** The first {@link #gone} of them have been discarded. */
  #steps: { readonly step: Step; readonly chars: number }[] = [];
  #gone = 0;
  /** How many steps have been removed from the list since the beginning. */
  #shifted = 0;
  /** The number of each step since the beginning, by the position where it begins. */
  readonly #numbers = new Map<string, number>();
  #chars = 0;

  constructor(budget: RingBudget) {
    this.#budget = budget;
    budget.add(this);
  }

  get chars(): number {
    return this.#chars;
  }

  push(step: Step): void {
    const chars = charsOf(step.changes);
    this.#numbers.set(positionKey(step.from), this.#shifted + this.#steps.length);
    this.#steps.push({ step, chars });
    this.#chars += chars;
    this.trim(maxChars);
    this.#budget.changed(chars);
  }

  /** The steps from a position on; undefined when they are not kept any more. */
  since(at: Position): readonly Step[] | undefined {
    const number = this.#numbers.get(positionKey(at));
    return number === undefined ? undefined : this.#steps.slice(number - this.#shifted).map(({ step }) => step);
  }

  /** The latest steps in their order, limited by a number of characters and of steps. */
  newest(chars: number, steps: number): readonly Step[] {
    const newest: Step[] = [];
    let left = chars;
    for (let index = this.#steps.length - 1; index >= this.#gone && newest.length < steps; index -= 1) {
      const kept = this.#steps[index];
      if (kept === undefined || kept.chars > left) break;
      left -= kept.chars;
      newest.push(kept.step);
    }
    return newest.toReversed();
  }

  trim(chars: number): void {
    const before = this.#chars;
    while (this.#chars > chars || this.#steps.length - this.#gone > maxSteps) {
      const oldest = this.#steps[this.#gone];
      if (oldest === undefined) break;
      const key = positionKey(oldest.step.from);
      if (this.#numbers.get(key) === this.#shifted + this.#gone) this.#numbers.delete(key);
      this.#gone += 1;
      this.#chars -= oldest.chars;
    }
    this.#budget.changed(this.#chars - before);
    // Removing each at once would move all others each time; never removing them would keep their texts.
    if (this.#gone * 8 <= this.#steps.length) return;
    this.#steps = this.#steps.slice(this.#gone);
    this.#shifted += this.#gone;
    this.#gone = 0;
  }

  [Symbol.dispose](): void {
    this.trim(-1);
    this.#budget.remove(this);
  }
}

function charsOf({ removed, updated, inserted }: Changes<string>): number {
  let chars = stepChars;
  for (const key of removed) chars += key.length;
  for (const [key, text] of updated) chars += key.length + text.length;
  for (const [, key, text] of inserted) chars += key.length + text.length;
  return chars;
}
