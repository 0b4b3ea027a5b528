/** A timer of a {@link TimingWheel}. Its fields belong to the wheel. */
export abstract class WheelTimer {
  /** When it expires, by `performance.now()`. Keeps its value after the timer is removed. */
  dueAt = 0;
  /** The index of its slot; -1 while it is not running. */
  slot = -1;
  before: WheelTimer | undefined = undefined;
  after: WheelTimer | undefined = undefined;

  /** Called when the timer has expired and was removed. Must not throw. */
  abstract onExpired(): void;
}

const tickMs = 25;
const slotCount = 1024;

/**
 * A hashed timing wheel: thousands of timers share one timer of Node, and a timer that is removed before it expires costs hardly
 * anything. Timers expire up to 25 ms late, never early.
 */
export class TimingWheel implements Disposable {
  /** The first timer of each slot's list. A timer that is due in more than one round stays in its slot for several rounds. */
  readonly #slots: (WheelTimer | undefined)[] = Array.from({ length: slotCount }, () => undefined);
  #size = 0;
  #timer: NodeJS.Timeout | undefined;
  /** The tick at which Node's timer fires; nothing is due before it. */
  #armedFor = Infinity;

  /** How many timers run. */
  get size(): number {
    return this.#size;
  }

  /** Starts a timer that does not run. */
  add(timer: WheelTimer, ms: number): void {
    timer.dueAt = performance.now() + ms;
    const tick = Math.floor(timer.dueAt / tickMs) + 1;
    const slot = tick % slotCount;
    const first = this.#slots[slot];
    timer.slot = slot;
    timer.after = first;
    if (first !== undefined) first.before = timer;
    this.#slots[slot] = timer;
    this.#size += 1;
    if (tick < this.#armedFor) this.#arm(tick);
  }

  /** Stops a timer. Does nothing when the timer does not run. */
  remove(timer: WheelTimer): void {
    const { slot, before, after } = timer;
    if (slot === -1) return;
    if (before === undefined) this.#slots[slot] = after;
    else before.after = after;
    if (after !== undefined) after.before = before;
    timer.slot = -1;
    timer.before = undefined;
    timer.after = undefined;
    // Node's timer stays armed: the next timer usually starts at once, and expires later.
    this.#size -= 1;
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#slots.fill(undefined);
    this.#size = 0;
    // No tick is earlier, so nothing arms the wheel again.
    this.#armedFor = -1;
  }

  #arm(tick: number): void {
    clearTimeout(this.#timer);
    this.#armedFor = tick;
    // At the latest at the end of a round: Node's timers have a limit, the wheel's have none.
    const ms = Math.min(tick * tickMs - performance.now(), slotCount * tickMs);
    this.#timer = setTimeout(() => this.#expire(), Math.max(1, ms));
    // A deadline alone must not keep the process running.
    this.#timer.unref();
  }

  #expire(): void {
    const now = performance.now();
    const last = Math.floor(now / tickMs);
    const first = Math.max(this.#armedFor, last - slotCount + 1);
    const expired: WheelTimer[] = [];
    for (let tick = first; tick <= last; tick += 1) {
      for (let timer = this.#slots[tick % slotCount]; timer !== undefined; timer = timer.after) {
        if (timer.dueAt <= now) expired.push(timer);
      }
    }
    this.#armedFor = Infinity;
    for (const timer of expired) {
      // The callback of an earlier timer may have removed this one.
      if (timer.slot === -1) continue;
      this.remove(timer);
      timer.onExpired();
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
