import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { TimingWheel, WheelTimer } from "../../src/rpc/TimingWheel.ts";

class Entry extends WheelTimer {
  readonly began: number = performance.now();
  readonly wheel: TimingWheel;
  lateAfter: number | undefined;

  constructor(wheel: TimingWheel) {
    super();
    this.wheel = wheel;
  }

  onExpired(): void {
    this.lateAfter = performance.now() - this.began;
  }
}

let wheel: TimingWheel;

beforeEach(() => {
  vi.useFakeTimers();
  wheel = new TimingWheel();
});

afterEach(() => {
  wheel[Symbol.dispose]();
  vi.useRealTimers();
});

describe("a timer of the wheel", () => {
  it.each([0, 1, 24, 25, 26, 1000, 25_575, 25_600, 25_601, 30_000, 60_000, 3_600_000])(
    "of %d ms expires at most 50 ms late",
    (ms) => {
      const entry = new Entry(wheel);
      wheel.add(entry, ms);
      vi.advanceTimersByTime(Math.max(0, ms - 1));
      if (ms > 0) expect(entry.lateAfter).toBeUndefined();
      vi.advanceTimersByTime(52);
      expect(entry.lateAfter).toBeGreaterThanOrEqual(ms);
      expect(wheel.size).toBe(0);
      expect(vi.getTimerCount()).toBe(0);
    },
  );

  it("may expire later than Node's timers can", () => {
    using timers = vi.spyOn(globalThis, "setTimeout");
    wheel.add(new Entry(wheel), 9_999_999_999);
    vi.advanceTimersByTime(60_000);
    expect(wheel.size).toBe(1);
    expect(Math.max(...timers.mock.calls.map(([, ms]) => ms ?? 0))).toBeLessThan(2 ** 31);
  });

  it("that was removed does not expire", () => {
    const entries = Array.from({ length: 10 }, () => new Entry(wheel));
    for (const [index, entry] of entries.entries()) wheel.add(entry, 100 + (index % 3));
    for (const entry of entries.slice(0, 7)) wheel.remove(entry);
    wheel.remove(entries[0] ?? new Entry(wheel));
    expect(wheel.size).toBe(3);
    vi.advanceTimersByTime(200);
    expect(entries.filter(({ lateAfter }) => lateAfter !== undefined)).toEqual(entries.slice(7));
  });

  it("that is due before all others expires first", () => {
    const late = new Entry(wheel);
    const early = new Entry(wheel);
    wheel.add(late, 30_000);
    wheel.add(early, 100);
    vi.advanceTimersByTime(150);
    expect([early.lateAfter !== undefined, late.lateAfter]).toEqual([true, undefined]);
    expect(vi.getTimerCount()).toBe(1);
  });

  it("may be added and removed while others expire", () => {
    const again = new Entry(wheel);
    const removed = new Entry(wheel);
    class Meddler extends Entry {
      override onExpired(): void {
        wheel.remove(removed);
        wheel.add(again, 50);
      }
    }
    wheel.add(removed, 100);
    wheel.add(new Meddler(wheel), 100);
    vi.advanceTimersByTime(130);
    expect([removed.lateAfter, again.lateAfter]).toEqual([undefined, undefined]);
    vi.advanceTimersByTime(100);
    expect(again.lateAfter).toBeDefined();
  });
});
