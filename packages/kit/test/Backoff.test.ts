import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Backoff, backoffMs } from "@peek/kit";

let random = 0;

beforeEach(() => void vi.spyOn(Math, "random").mockImplementation(() => random));
afterEach(() => void vi.restoreAllMocks());

test("A backoff doubles up to its maximum, with jitter between the fixed share and the whole wait", () => {
  random = 1;
  const longest = new Backoff({ firstMs: 10, maxMs: 50, fixedShare: 0.5 });
  expect(Array.from({ length: 5 }, () => longest.next())).toEqual([10, 20, 40, 50, 50]);
  random = 0;
  const shortest = new Backoff({ firstMs: 10, maxMs: 50, fixedShare: 0.5 });
  expect(Array.from({ length: 4 }, () => shortest.next())).toEqual([5, 10, 20, 25]);
});

test("A backoff counts its attempts, and starts over after a reset", () => {
  random = 1;
  const backoff = new Backoff();
  backoff.next();
  backoff.next();
  expect([backoff.attempts, backoff.next()]).toEqual([2, 400]);
  backoff.reset();
  expect([backoff.attempts, backoff.next()]).toEqual([0, 100]);
});

test("The wait stays finite after thousands of retries", () => {
  random = 1;
  expect(backoffMs(5000, { maxMs: 1000 })).toBe(1000);
});
