import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { OutageLog } from "../../src/OutageLog.ts";
import { TestLog } from "@peek/kit/testing";

let log: TestLog;
let outages: OutageLog;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["performance"] });
  log = new TestLog();
  outages = new OutageLog(log, "logic");
});

afterEach(() => {
  vi.useRealTimers();
});

it("an outage at the start is logged without a warning for 10 s", () => {
  outages.failed("there is no token yet.");
  outages.failed("nothing listens there");
  vi.advanceTimersByTime(9000);
  outages.failed("nothing listens there");
  outages.connected();
  expect(log.lines).toEqual([
    "info: Waiting for logic: there is no token yet. Retrying",
    "info: Still waiting for logic: nothing listens there",
    "info: Connected to logic after 9.0 s, at attempt 3",
  ]);
});

it("an outage at the start becomes a warning after 10 s, once for each reason", () => {
  outages.failed("nothing listens there");
  vi.advanceTimersByTime(11_000);
  for (const reason of [
    "nothing listens there",
    "nothing listens there",
    "the name is not known",
    "nothing listens there",
  ])
    outages.failed(reason);
  expect(log.lines).toEqual([
    "info: Waiting for logic: nothing listens there. Retrying",
    "warning: Still waiting for logic: nothing listens there",
    "warning: Still waiting for logic: the name is not known",
  ]);
});

it("a refusal, or the loss of an established connection, is a warning at once", () => {
  outages.failed("its token is not known", "refused");
  outages.connected();
  outages.failed("it was cut");
  outages.failed("nothing listens there");
  expect(log.lines).toEqual([
    "warning: Waiting for logic: its token is not known. Retrying",
    expect.stringMatching(/^info: Connected/),
    "warning: Lost logic: it was cut. Reconnecting",
    "warning: Still waiting for logic: nothing listens there",
  ]);
});

it("an outage of less than 10 s after the other side was stopped is logged without a warning", () => {
  outages.connected();
  outages.failed("it has been stopped", "stopped");
  outages.failed("nothing listens there");
  outages.connected();
  outages.failed("it was cut");
  expect(log.lines).toEqual([
    "info: Connected to logic",
    "info: Lost logic: it has been stopped. Reconnecting",
    "info: Still waiting for logic: nothing listens there",
    expect.stringMatching(/^info: Reconnected to logic/),
    "warning: Lost logic: it was cut. Reconnecting",
  ]);
});
