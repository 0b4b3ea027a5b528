import { expect, it, onTestFinished, vi } from "vitest";
import { Counter, historyOf, openClient, openService, speedUpTime, valueOf } from "./clientHelpers.ts";
import type { ServedBrowser } from "./ScriptedService.ts";

const one = { id: 1, value: 10 };

async function agree(browser: ServedBrowser, c = 7): Promise<void> {
  const { id } = await browser.next("sub");
  browser.send({ t: "on", id, c, key: ["id"] });
}

async function watching(hi: Parameters<ServedBrowser["greet"]>[1] = {}) {
  const service = await openService();
  const client = openClient({ url: service.url, storage: "memory" });
  const watch = client.subscribe(Counter);
  const browser = await service.greeted("ada", hi);
  await agree(browser);
  return { service, client, watch, browser };
}

const isLive = ({ status }: { readonly status: string }): boolean => status === "live";
const isStale = ({ status }: { readonly status: string }): boolean => status === "stale";

it("a channel is stale as of the service's age from `stale` until `current`", async () => {
  const { watch, browser, client } = await watching();
  browser.send({ t: "s", c: 7, e: "a", o: 1, rows: [one] });
  expect(await valueOf(watch, isLive)).toEqual({ tuples: [one], status: "live" });
  browser.send({ t: "stale", c: 7, age: 60_000, why: "The database does not answer" });
  const stale = await valueOf(watch, isStale);
  expect(stale).toMatchObject({ tuples: [one], reason: "The database does not answer" });
  expect(Math.round((Date.now() - Number(stale.asOf)) / 10_000)).toBe(6);
  // A page that shows only the state of the connection is not misled.
  expect(client.connection.getSnapshot()).toMatchObject({ status: "stale", asOf: stale.asOf, reason: stale.reason });
  browser.send({ t: "stale", c: 7, age: 10_000, why: "The database does not answer" });
  const less = await valueOf(watch, ({ asOf }) => Number(asOf) > Number(stale.asOf));
  expect(Math.round((Date.now() - Number(less.asOf)) / 10_000)).toBe(1);
  browser.send({ t: "stale", c: 7, age: 60_000, why: "The database does not answer" });
  await valueOf(watch, ({ asOf }) => Number(asOf) < Number(less.asOf));
  // Changes are shown meanwhile, and do not make the channel live.
  browser.send({ t: "d", c: 7, e: "a", f: 1, o: 2, u: [{ id: 1, value: 11 }] });
  const later = await valueOf(watch, ({ tuples }) => tuples[0]?.value === 11);
  expect(later).toMatchObject({ status: "stale", reason: stale.reason });
  browser.send({ t: "current", c: 7 });
  expect(await valueOf(watch, isLive)).toEqual({ tuples: [{ id: 1, value: 11 }], status: "live" });
  expect(client.connection.getSnapshot().status).toBe("live");
  browser.send({ t: "stale", c: 7, age: 4000, why: "Why" });
  await valueOf(client.connection, isStale);
  // Without subscribers, its staleness does not count.
  watch.close();
  await valueOf(client.connection, isLive);
});

it("a subscriber of a stale channel never sees it as live", async () => {
  const { watch, browser } = await watching();
  const history = historyOf(watch);
  browser.send({ t: "stale", c: 7, age: 5000, why: "Why" }, { t: "s", c: 7, e: "a", o: 1, rows: [one] });
  await valueOf(watch, isStale);
  expect(history.some(isLive)).toBe(false);
});

it("a service that does not reach logic makes tuples stale as of the age in its greeting", async () => {
  const { client, watch, browser } = await watching({ upstream: false, age: 20_000, why: "Logic does not answer" });
  browser.send({ t: "s", c: 7, e: "a", o: 1, rows: [one] });
  const { asOf, reason } = await valueOf(watch, isStale);
  expect(reason).toBe("Logic does not answer");
  expect(Math.round((Date.now() - Number(asOf)) / 10_000)).toBe(2);
  expect(client.connection.getSnapshot()).toMatchObject({ status: "stale", reason, asOf });
  browser.send({ t: "up", on: true }, { t: "u", c: 7, e: "a", o: 1 });
  await valueOf(watch, isLive);
  expect(client.connection.getSnapshot()).not.toHaveProperty("asOf");
});

it("a silent service is suspected until it answers a later probe", async () => {
  const { client, watch, browser } = await watching({ pulseMs: 40 });
  browser.send({ t: "s", c: 7, e: "a", o: 1, rows: [one] });
  await valueOf(watch, isLive);
  const { asOf, reason } = await valueOf(watch, isStale);
  expect(reason).toMatch(/been silent/);
  expect(Math.abs(Date.now() - Number(asOf))).toBeLessThan(10_000);
  expect(client.connection.getSnapshot()).toMatchObject({ status: "stale", reason });
  const { n } = await browser.next("probe");
  const history = historyOf(watch);
  // A message that was on its way for long proves nothing.
  browser.send({ t: "pulse" }, { t: "d", c: 7, e: "a", f: 1, o: 2, u: [{ id: 1, value: 11 }] });
  await valueOf(watch, ({ tuples }) => tuples[0]?.value === 11);
  expect(history.every(isStale)).toBe(true);
  browser.send({ t: "pulse", n });
  await valueOf(watch, isLive);
});

it("a service that sends pulses in time is not suspected", async () => {
  speedUpTime();
  const { watch, browser } = await watching({ pulseMs: 600 });
  const enough = Promise.withResolvers<void>();
  let count = 0;
  const pulses = setInterval(() => {
    browser.send({ t: "pulse" });
    count += 1;
    if (count === 40) enough.resolve();
  }, 50);
  onTestFinished(() => clearInterval(pulses));
  browser.send({ t: "s", c: 7, e: "a", o: 1, rows: [one] });
  await valueOf(watch, isLive);
  const history = historyOf(watch);
  await enough.promise;
  expect(history).toEqual([]);
});

it.each([
  { which: "both clocks go on", monotonic: 8 * 3600_000 },
  { which: "the monotonic clock stands still", monotonic: 0 },
])("after a sleep, tuples are stale as of before it, if $which", async ({ monotonic }) => {
  const { watch, browser } = await watching({ pulseMs: 60_000 });
  browser.send({ t: "s", c: 7, e: "a", o: 1, rows: [one] });
  await valueOf(watch, isLive);
  const asleep = 8 * 3600_000;
  const [now, at] = [Date.now.bind(Date), performance.now.bind(performance)];
  const sleptAt = now();
  vi.spyOn(Date, "now").mockImplementation(() => now() + asleep);
  vi.spyOn(performance, "now").mockImplementation(() => at() + monotonic);
  onTestFinished(() => void vi.restoreAllMocks());
  const { asOf, reason } = await valueOf(watch, isStale);
  expect(reason).toMatch(/slept/);
  expect(Math.abs(Number(asOf) - sleptAt)).toBeLessThan(60_000);
  const { n } = await browser.next("probe");
  browser.send({ t: "pulse", n });
  await valueOf(watch, isLive);
});

it("a device with a wrong wall clock shows the right age by its own clock", async () => {
  const { watch, browser } = await watching();
  browser.send({ t: "s", c: 7, e: "a", o: 1, rows: [one] });
  await valueOf(watch, isLive);
  const now = Date.now.bind(Date);
  vi.spyOn(Date, "now").mockImplementation(() => now() - 3 * 3600_000);
  onTestFinished(() => void vi.restoreAllMocks());
  browser.send({ t: "stale", c: 7, age: 60_000, why: "Why" });
  const { asOf } = await valueOf(watch, isStale);
  expect(Math.round((Date.now() - Number(asOf)) / 10_000)).toBe(6);
});

it("while offline, tuples are stale as of the last message, for any number of attempts", async () => {
  const { service, watch, browser, client } = await watching({ pulseMs: 60_000 });
  browser.send({ t: "s", c: 7, e: "a", o: 1, rows: [one] });
  await valueOf(watch, isLive);
  browser.cut();
  const { asOf } = await valueOf(watch, isStale);
  const next = await service.browser();
  next.cut();
  const last = await service.browser();
  expect(watch.getSnapshot()).toMatchObject({ status: "stale", asOf });
  expect(client.connection.getSnapshot()).toMatchObject({ asOf });
  last.greet();
  await agree(last);
  expect(watch.getSnapshot()).toMatchObject({ status: "stale", asOf });
  last.send({ t: "u", c: 7, e: "a", o: 1 });
  await valueOf(watch, isLive);
});

it("on a slow connection without pauses, tuples are stale as of the probe that was answered late", async () => {
  const { watch, browser } = await watching({ pulseMs: 60_000 });
  browser.send({ t: "s", c: 7, e: "a", o: 1, rows: [one] });
  await valueOf(watch, isLive);
  const at = performance.now.bind(performance);
  const wall = Date.now.bind(Date);
  let later = 0;
  vi.spyOn(performance, "now").mockImplementation(() => at() + later);
  vi.spyOn(Date, "now").mockImplementation(() => wall() + later);
  onTestFinished(() => void vi.restoreAllMocks());
  let o = 1;
  /** Lets time pass while messages come. */
  const flow = async (ms: number): Promise<void> => {
    for (let passed = 0; passed < ms; passed += 1000) {
      later += 1000;
      browser.send({ t: "d", c: 7, e: "a", f: o, o: o + 1, u: [{ id: 1, value: o }] });
      const value = o;
      o += 1;
      await valueOf(watch, ({ tuples }) => tuples[0]?.value === value);
    }
  };
  await flow(6000);
  const { n } = await browser.next("probe");
  // The answer takes too long.
  await flow(4000);
  expect(await valueOf(watch, isStale)).toHaveProperty("asOf");
  browser.send({ t: "pulse", n });
  const asked = await browser.next("probe");
  await flow(4000);
  browser.send({ t: "pulse", n: asked.n });
  const { asOf } = await valueOf(watch, ({ reason }) => reason === "The connection is slow");
  const agoMs = Date.now() - Number(asOf);
  // As of the probe, not of an earlier message.
  expect(agoMs).toBeGreaterThanOrEqual(3900);
  expect(agoMs).toBeLessThan(9000);
  // The connection is fast again.
  const answer = async (): Promise<never> => {
    for (;;) browser.send({ t: "pulse", n: (await browser.next("probe")).n });
  };
  void answer();
  await valueOf(watch, isLive);
});
