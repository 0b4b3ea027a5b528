import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { TestLog } from "@peek/kit/testing";
import { attemptFailure } from "../../src/worker/attemptResult.ts";
import { AttemptFailureLog } from "../../src/worker/AttemptFailureLog.ts";
import type { HeldTask } from "../../src/worker/HeldTask.ts";

const name = "peek_plugin_x.Throws";

function held(failures: number): HeldTask {
  const queue = { task: name, version: 1, kind: "plain" } as const;
  const retry = { tries: 2, delayMs: 200, maxDelayMs: 200 };
  return { task: { id: "one", queue, input: "1", retryCount: failures, failures, retry }, queue: `${name}.1` };
}

const why = attemptFailure("TASK_FAILED", "It is broken");
const retryOnConflict = { kind: "retry", delayMs: 200 } as const;
const deadLetter = { kind: "failed" } as const;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("A failed try and the dead letter that follows at once have a line each", () => {
  const log = new TestLog();
  using failures = new AttemptFailureLog(log);
  failures.failed(held(0), why, retryOnConflict);
  vi.advanceTimersByTime(200);
  failures.failed(held(1), why, deadLetter);
  expect(log.lines).toEqual([
    `warning: ${name} one failed, try 1 of 2, and will be retried in 200 ms: TASK_FAILED: It is broken`,
    `warning: ${name} one failed, try 2 of 2, and is kept as a dead letter: TASK_FAILED: It is broken`,
  ]);
});

test("Beyond 20 lines a second, failed tries are counted and summarized within 10 s; retries do not suppress dead letters", () => {
  const log = new TestLog();
  using failures = new AttemptFailureLog(log);
  for (let n = 0; n < 57; n += 1) failures.failed(held(0), why, retryOnConflict);
  for (let n = 0; n < 21; n += 1) failures.failed(held(1), why, deadLetter);
  expect(log.lines.filter((line) => line.includes("will be retried"))).toHaveLength(20);
  expect(log.lines.filter((line) => line.includes("dead letter"))).toHaveLength(20);
  vi.advanceTimersByTime(10_000);
  expect(log.lines.slice(40)).toEqual([
    `warning: … and 37 more tries of ${name} failed with TASK_FAILED`,
    `warning: … and 1 more of ${name} is kept as a dead letter: TASK_FAILED`,
  ]);
  failures.failed(held(1), why, deadLetter);
  vi.advanceTimersByTime(10_000);
  expect(log.lines.slice(42)).toEqual([expect.stringContaining("try 2 of 2, and is kept as a dead letter")]);
});
