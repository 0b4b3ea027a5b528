import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { LogThrottle } from "@peek/kit";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("One line of each kind is written a minute, and the next one has the number of suppressed lines", () => {
  const throttle = new LogThrottle();
  expect([throttle.count("a"), throttle.count("a"), throttle.count("a"), throttle.count("b")]).toEqual([
    "",
    undefined,
    undefined,
    "",
  ]);
  vi.advanceTimersByTime(60_000);
  expect([throttle.count("a"), throttle.count("b")]).toEqual([" (and 2 times more since the last such line)", ""]);
});

test("The number of lines and the interval can be chosen", () => {
  const throttle = new LogThrottle({ intervalMs: 1000, maxLines: 2 });
  expect(Array.from({ length: 4 }, () => throttle.count("a"))).toEqual(["", "", undefined, undefined]);
  vi.advanceTimersByTime(1000);
  expect(throttle.count("a")).toBe(" (and 2 times more since the last such line)");
  expect(throttle.count("a")).toBe("");
});

test("Of more than 1,000 kinds the oldest are forgotten", () => {
  const throttle = new LogThrottle();
  for (let kind = 0; kind <= 1000; kind += 1) throttle.count(String(kind));
  expect([throttle.count("1000"), throttle.count("0")]).toEqual([undefined, ""]);
});
