import { PeekError } from "@peek/errors";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { StorageHealth } from "../src/health/StorageHealth.ts";
import { TestLog } from "./support.ts";

const away = new PeekError("STORAGE_UNAVAILABLE", "It is away.");
const message = "It is away. Calls of plugins fail until it is back";

let log: TestLog;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["performance", "Date"] });
  log = new TestLog();
});

afterEach(() => {
  vi.useRealTimers();
});

function reachedOnce(graceMs?: number): StorageHealth {
  const health = new StorageHealth(log, () => undefined, graceMs);
  health.reached();
  return health;
}

it("The loss of the database is logged once, as an error", () => {
  const health = reachedOnce();
  for (let seconds = 0; seconds < 30; seconds += 1) {
    health.lost(away);
    vi.advanceTimersByTime(1000);
  }
  expect(log.lines).toEqual([`error: ${message}`]);
});

it("A loss that is shorter than the grace period is logged as information", () => {
  const health = reachedOnce(10_000);
  for (const wait of [0, 5000, 4000]) {
    vi.advanceTimersByTime(wait);
    health.lost(away);
  }
  expect(health.available).toBe(false);
  health.reached();
  expect(log.lines).toEqual([`info: ${message}`, "info: The database can be reached again, after 9.0 s"]);
});

it("Each loss that is longer than the grace period is logged once as an error", () => {
  const health = reachedOnce(10_000);
  for (const wait of [0, 9000, 2000, 5000]) {
    vi.advanceTimersByTime(wait);
    health.lost(away);
  }
  health.reached();
  health.lost(away);
  expect(log.lines.filter((line) => !line.includes("again"))).toEqual([
    `info: ${message}`,
    `error: ${message}`,
    `info: ${message}`,
  ]);
});

it("A suspicion that arises while the database is being probed is not cleared by the answer", () => {
  const health = reachedOnce();
  health.suspect();
  const { suspicions } = health;
  health.suspect();
  health.reached(suspicions);
  expect(health.suspected).toBe(true);
  health.reached(health.suspicions);
  expect(health.suspected).toBe(false);
});
