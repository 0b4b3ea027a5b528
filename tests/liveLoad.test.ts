import { afterAll, beforeAll, expect, it } from "vitest";
import { droppedAtOnce } from "./src/live/droppedAtOnce.ts";
import { fanOut } from "./src/live/fanOut.ts";
import { killedUnderLoad } from "./src/live/killedUnderLoad.ts";
import { LiveSystem } from "./src/live/LiveSystem.ts";
import { steppedClock } from "./src/live/loadPlugin.ts";
import { slowProviders } from "./src/live/slowProviders.ts";
import { slowReaders } from "./src/live/slowReaders.ts";

// bench and tests/soak measure speed, on an idle machine; these tests only check that nothing gets stuck.
const lateMs = 5000;

let system: LiveSystem;

beforeAll(async () => {
  system = await LiveSystem.start({ fields: 2 });
});

afterAll(async () => {
  await system[Symbol.asyncDispose]();
});

it("200 watchers of one channel cost one run of its provider and one encoding per change", async () => {
  const subscribers = 200;
  const changes = 20;
  const figures = await fanOut(system, {
    subscribers,
    processes: 1,
    rows: 1000,
    rowChars: 150,
    changes,
    restMs: 10,
  });
  expect(figures.providerRuns).toBe(changes);
  expect(figures.encodings).toBe(changes);
  expect(figures.p99).toBeLessThan(lateMs);
  // One row of 1,000.
  expect(figures.largestFrame).toBeLessThanOrEqual(500);
  for (const report of figures.reports) {
    expect(report).toMatchObject({ snapshots: 0, gaps: 0, repeated: 0, steppedBack: 0, cuts: 0 });
    expect(report.deltas).toBe(subscribers * figures.encodings);
    expect(report.states).toHaveLength(1);
  }
});

it("browsers that read 1 KB/s of 2 MB/s cost less than 1 MiB each, and have the latest state soon after they read again", async () => {
  const slow = 50;
  const figures = await slowReaders(system, {
    slow,
    recovering: 10,
    others: 3,
    rowBytes: 100_000,
    perSecond: 20,
    bytesPerSecond: 1000,
    seconds: 2,
    secondsBefore: 1,
  });
  expect(figures.mibEach).toBeLessThan(1);
  expect(figures.p99).toBeLessThan(lateMs);
  expect(figures.recoveredMs).toBeLessThan(lateMs);
  expect(figures.framesOfSlow).toBeLessThan(figures.framesOfOthers / 10);
  expect(figures).toMatchObject({ gaps: 0, cuts: 0 });
});

it("with slow providers and a clock that is set back an hour, updates stay in order and converge to the database", async () => {
  await using uneven = await LiveSystem.start({ env: steppedClock(40) });
  const figures = await slowProviders(uneven, { watchers: 20, rows: 50, perSecond: 200, seconds: 2 });
  expect(figures.clockWasOffBy).toBeGreaterThan(3_500_000);
  expect(figures.report).toMatchObject({ snapshots: 0, gaps: 0, repeated: 0, steppedBack: 0, cuts: 0 });
  expect(figures.report.deltas).toBeGreaterThan(20);
  expect(figures.report.states).toHaveLength(1);
  expect(figures.report.states[0]).toMatch(/ /);
  expect(figures.report.states[0]?.split(" ")[1]).toBe(figures.database);
});

it("browsers that are all disconnected at once are live again soon, and cost one run of the provider per channel", async () => {
  const channels = 50;
  const figures = await droppedAtOnce(system, { browsers: 200, channels, rows: 500, elsewhere: false });
  expect(figures.liveMs).toBeLessThan(30_000);
  expect(figures.providerRuns).toBeLessThanOrEqual(channels);
  expect(figures.gaps).toBe(0);
});

// The first field service does not run afterwards.
it("clients of a field service that is killed at 1,000 updates a second resume on another without loss, repetition or snapshot", async () => {
  const { report, resumedMs, updatesPerSecond } = await killedUnderLoad(system, {
    clients: 50,
    updatesPerSecond: 1000,
    rows: 100,
    seconds: 1.5,
  });
  expect(updatesPerSecond).toBeGreaterThan(100);
  expect(resumedMs).toBeLessThan(2 * lateMs);
  expect(report.cuts).toBe(50);
  expect(report).toMatchObject({ live: 50, snapshots: 0, gaps: 0, repeated: 0, steppedBack: 0 });
  expect(report.states).toHaveLength(1);
});
