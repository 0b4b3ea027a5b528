/** Something that a {@link TimingWheel} keeps. What is public here is the wheel's own. */
export abstract class WheelTimer {
  /** When it is late, by `performance.now()`. Stays when it has been removed. */
  due = 0;
  /** Where it is; -1: nowhere. */
  slot = -1;
  before: WheelTimer | undefined = undefined;
  after: WheelTimer | undefined = undefined;

  /** Called when the time is over; it has been removed by then. Must not throw. */
  abstract onExpired(): void;
}

const tickMs = 25;
const slotCount = 1024;

/**
 * Deadlines by the thousand: one timer for all, and hardly any work for those that are met. They are told up to 25 ms late,
 * never early.
 */
export class TimingWheel implements Disposable {
  /** The first of each slot's chain. What is due in more than a round lies in its slot for several. */
  readonly #slots: (WheelTimer | undefined)[] = Array.from({ length: slotCount }, () => undefined);
  #size = 0;
  #timer: NodeJS.Timeout | undefined;
  /** The tick at which the timer fires; nothing is due before. */
  #armedFor = Infinity;

  /** How many deadlines there are. */
  get size(): number {
    return this.#size;
  }

  add(entry: WheelTimer, ms: number): void {
    entry.due = performance.now() + ms;
    const tick = Math.floor(entry.due / tickMs) + 1;
    const slot = tick % slotCount;
    const first = this.#slots[slot];
    entry.slot = slot;
    entry.after = first;
    if (first !== undefined) first.before = entry;
    this.#slots[slot] = entry;
    this.#size += 1;
    if (tick < this.#armedFor) this.#arm(tick);
  }

  /** Does nothing when it is not there. */
  remove(entry: WheelTimer): void {
    const { slot, before, after } = entry;
    if (slot === -1) return;
    if (before === undefined) this.#slots[slot] = after;
    else before.after = after;
    if (after !== undefined) after.before = before;
    entry.slot = -1;
    entry.before = undefined;
    entry.after = undefined;
    // The timer stays: most often the next deadline comes at once, and is later.
    this.#size -= 1;
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#slots.fill(undefined);
    this.#size = 0;
    // Nothing arms it again.
    this.#armedFor = -1;
  }

  #arm(tick: number): void {
    clearTimeout(this.#timer);
    this.#armedFor = tick;
    // No later than the end of a round: timers have a limit, deadlines need none.
    const ms = Math.min(tick * tickMs - performance.now(), slotCount * tickMs);
    this.#timer = setTimeout(() => this.#turn(), Math.max(1, ms));
    // What is waited for keeps the process going, not the wait.
    this.#timer.unref();
  }

  #turn(): void {
    const now = performance.now();
    const last = Math.floor(now / tickMs);
    const first = Math.max(this.#armedFor, last - slotCount + 1);
    const late: WheelTimer[] = [];
    for (let tick = first; tick <= last; tick += 1) {
      for (let entry = this.#slots[tick % slotCount]; entry !== undefined; entry = entry.after) {
        if (entry.due <= now) late.push(entry);
      }
    }
    this.#armedFor = Infinity;
    for (const entry of late) {
      // Who was told before may have ended this one.
      if (entry.slot === -1) continue;
      this.remove(entry);
      entry.onExpired();
    }
    this.#armNext(last + 1);
  }

  #armNext(from: number): void {
    if (this.#size === 0) return;
    for (let tick = from; tick < from + slotCount; tick += 1) {
      if (this.#slots[tick % slotCount] === undefined) continue;
      if (tick < this.#armedFor) this.#arm(tick);
      return;
    }
  }
}
