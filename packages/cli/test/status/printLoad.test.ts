import type { ServiceName } from "@peek/plugin-base";
import type { ObservedService } from "@peek/platform";
import { expect, it, onTestFinished, vi } from "vitest";
import { printLoad } from "../../src/status/printLoad.ts";

type Status = NonNullable<ObservedService["status"]>;

const since = "2026-01-01T00:00:00.000Z";
const calls = { pending: 1, waiting: 2, running: 3, queued: 4 };

function observed(service: ServiceName, status: Partial<Status>): ObservedService {
  const instance = `${service}-1`;
  const peer = { service, instance, version: "1.0.0", connectedSince: since, address: "127.0.0.1", since, serves: [] };
  return { peer, status: { service, version: "1.0.0", pid: 1, since, plugins: [], ...status } };
}

function printed(services: readonly ObservedService[]): readonly string[] {
  const lines: string[] = [];
  const log = vi.spyOn(console, "log").mockImplementation((line: string) => void lines.push(line));
  onTestFinished(() => log.mockRestore());
  printLoad(services);
  return lines;
}

it("peek status prints the calls of each service, and the load by channels and browsers where there are any", () => {
  const browsers = { connections: 50, subscriptions: 70, lagging: 1, waitingBytes: 2_500_000, actions: 3 };
  const provided = { observables: 2, followers: 24, loads: 900, historyChars: 1_250_000 };
  const live = { channels: 12, stale: 0, entries: [] };
  expect(
    printed([
      observed("logic", { calls, live: { ...live, provided } }),
      observed("field", { calls, live: { ...live, browsers } }),
    ]),
  ).toEqual([
    "",
    "CALLS OF  PENDING  WAITING  RUNNING  QUEUED",
    "logic-1   1        2        3        4",
    "field-1   1        2        3        4",
    "",
    "LIVE DATA OF  OBSERVABLES  CHANNELS  STREAMS  LOADS  HISTORY",
    "logic-1       2            12        24       900    1.3 MB",
    "",
    "BROWSERS OF  CONNECTED  SUBSCRIPTIONS  CHANNELS  LAGGING  ACTIONS  WAITING TO BE SENT",
    "field-1      50         70             12        1        3        2.5 MB",
  ]);
});

it("peek status prints no load of services that have not answered", () => {
  const { peer } = observed("agent", {});
  expect(printed([{ peer, error: { code: "DEADLINE_EXCEEDED", message: "no answer" } }])).toEqual([]);
});
