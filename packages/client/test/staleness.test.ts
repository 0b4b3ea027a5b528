import { expect, it, onTestFinished, vi } from "vitest";
import { Counter, historyOf, openClient, openService, valueOf } from "./clientHelpers.ts";
import type { ServedBrowser } from "./ScriptedService.ts";

const one = { id: 1, value: 10 };

async function agree(browser: ServedBrowser, c = 7): Promise<void> {
  const { id } = await browser.next("sub");
  browser.say({ t: "on", id, c, key: ["id"] });
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

it("what the service says is not current is stale, as of when it was, until it says that it is", async () => {
  const { watch, browser, client } = await watching();
  browser.say({ t: "s", c: 7, e: "a", o: 1, rows: [one] });
  expect(await valueOf(watch, isLive)).toEqual({ tuples: [one], status: "live" });
  browser.say({ t: "stale", c: 7, age: 60_000, why: "The database does not answer" });
  const stale = await valueOf(watch, isStale);
  expect(stale).toMatchObject({ tuples: [one], reason: "The database does not answer" });
  expect(Math.round((Date.now() - Number(stale.asOf)) / 10_000)).toBe(6);
  // Whoever shows only how it is connected is not misled.
  expect(client.connection.getSnapshot()).toMatchObject({ status: "stale", asOf: stale.asOf, reason: stale.reason });
  browser.say({ t: "stale", c: 7, age: 10_000, why: "The database does not answer" });
  const less = await valueOf(watch, ({ asOf }) => Number(asOf) > Number(stale.asOf));
  expect(Math.round((Date.now() - Number(less.asOf)) / 10_000)).toBe(1);
  browser.say({ t: "stale", c: 7, age: 60_000, why: "The database does not answer" });
  await valueOf(watch, ({ asOf }) => Number(asOf) < Number(less.asOf));
  // What changes meanwhile is shown, and does not make it live.
  browser.say({ t: "d", c: 7, e: "a", f: 1, o: 2, u: [{ id: 1, value: 11 }] });
  const later = await valueOf(watch, ({ tuples }) => tuples[0]?.value === 11);
  expect(later).toMatchObject({ status: "stale", reason: stale.reason });
  browser.say({ t: "current", c: 7 });
  expect(await valueOf(watch, isLive)).toEqual({ tuples: [{ id: 1, value: 11 }], status: "live" });
  expect(client.connection.getSnapshot().status).toBe("live");
  browser.say({ t: "stale", c: 7, age: 4000, why: "Why" });
  await valueOf(client.connection, isStale);
  // Nobody looks at it any more.
  watch.close();
  await valueOf(client.connection, isLive);
});

it("whoever comes while a channel is stale never sees it as live", async () => {
  const { watch, browser } = await watching();
  const history = historyOf(watch);
  browser.say({ t: "stale", c: 7, age: 5000, why: "Why" }, { t: "s", c: 7, e: "a", o: 1, rows: [one] });
  await valueOf(watch, isStale);
  expect(history.some(isLive)).toBe(false);
});

it("a service that does not know how things are says since when, also to who comes then", async () => {
  const { client, watch, browser } = await watching({ upstream: false, age: 20_000, why: "Logic does not answer" });
  browser.say({ t: "s", c: 7, e: "a", o: 1, rows: [one] });
  const { asOf, reason } = await valueOf(watch, isStale);
  expect(reason).toBe("Logic does not answer");
  expect(Math.round((Date.now() - Number(asOf)) / 10_000)).toBe(2);
  expect(client.connection.getSnapshot()).toMatchObject({ status: "stale", reason, asOf });
  browser.say({ t: "up", on: true }, { t: "u", c: 7, e: "a", o: 1 });
  await valueOf(watch, isLive);
  expect(client.connection.getSnapshot()).not.toHaveProperty("asOf");
});

it("a service that gives no sign of life is doubted, until it answers what was asked after that", async () => {
  const { client, watch, browser } = await watching({ pulseMs: 40 });
  browser.say({ t: "s", c: 7, e: "a", o: 1, rows: [one] });
  await valueOf(watch, isLive);
  const { asOf, reason } = await valueOf(watch, isStale);
  expect(reason).toMatch(/not been heard/);
  expect(Math.abs(Date.now() - Number(asOf))).toBeLessThan(10_000);
  expect(client.connection.getSnapshot()).toMatchObject({ status: "stale", reason });
  const { n } = await browser.next("probe");
  const history = historyOf(watch);
  // What was on its way for long proves nothing.
  browser.say({ t: "pulse" }, { t: "d", c: 7, e: "a", f: 1, o: 2, u: [{ id: 1, value: 11 }] });
  await valueOf(watch, ({ tuples }) => tuples[0]?.value === 11);
  expect(history.every(isStale)).toBe(true);
  browser.say({ t: "pulse", n });
  await valueOf(watch, isLive);
});

it("a service that gives signs of life in time is not doubted", async () => {
  const { watch, browser } = await watching({ pulseMs: 600 });
  const enough = Promise.withResolvers<void>();
  let count = 0;
  const pulses = setInterval(() => {
    browser.say({ t: "pulse" });
    count += 1;
    if (count === 40) enough.resolve();
  }, 50);
  onTestFinished(() => clearInterval(pulses));
  browser.say({ t: "s", c: 7, e: "a", o: 1, rows: [one] });
  await valueOf(watch, isLive);
  const history = historyOf(watch);
  await enough.promise;
  expect(history).toEqual([]);
});

it.each([
  { which: "both clocks go on", monotonic: 8 * 3600_000 },
  { which: "the monotonic clock stands still", monotonic: 0 },
])("what a device shows after a sleep is as of before it, also when $which", async ({ monotonic }) => {
  const { watch, browser } = await watching({ pulseMs: 60_000 });
  browser.say({ t: "s", c: 7, e: "a", o: 1, rows: [one] });
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
  browser.say({ t: "pulse", n });
  await valueOf(watch, isLive);
});

it("a device whose clock is set back, or is wrong, shows how long ago it was, by its own clock", async () => {
  const { watch, browser } = await watching();
  browser.say({ t: "s", c: 7, e: "a", o: 1, rows: [one] });
  await valueOf(watch, isLive);
  const now = Date.now.bind(Date);
  vi.spyOn(Date, "now").mockImplementation(() => now() - 3 * 3600_000);
  onTestFinished(() => void vi.restoreAllMocks());
  browser.say({ t: "stale", c: 7, age: 60_000, why: "Why" });
  const { asOf } = await valueOf(watch, isStale);
  expect(Math.round((Date.now() - Number(asOf)) / 10_000)).toBe(6);
});

it("what is shown while cut off is as of when the service was last heard, however often it is tried again", async () => {
  const { service, watch, browser, client } = await watching({ pulseMs: 60_000 });
  browser.say({ t: "s", c: 7, e: "a", o: 1, rows: [one] });
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
  last.say({ t: "u", c: 7, e: "a", o: 1 });
  await valueOf(watch, isLive);
});

it("what comes late without a pause, over a slow line, is stale as of when it was asked how late it is", async () => {
  const { watch, browser } = await watching({ pulseMs: 60_000 });
  browser.say({ t: "s", c: 7, e: "a", o: 1, rows: [one] });
  await valueOf(watch, isLive);
  const at = performance.now.bind(performance);
  const wall = Date.now.bind(Date);
  let later = 0;
  vi.spyOn(performance, "now").mockImplementation(() => at() + later);
  vi.spyOn(Date, "now").mockImplementation(() => wall() + later);
  onTestFinished(() => void vi.restoreAllMocks());
  let o = 1;
  /** Time passes, in which messages come. */
  const flow = async (ms: number): Promise<void> => {
    for (let passed = 0; passed < ms; passed += 1000) {
      later += 1000;
      browser.say({ t: "d", c: 7, e: "a", f: o, o: o + 1, u: [{ id: 1, value: o }] });
      const value = o;
      o += 1;
      await valueOf(watch, ({ tuples }) => tuples[0]?.value === value);
    }
  };
  await flow(6000);
  const { n } = await browser.next("probe");
  // It is on its way for longer than it may.
  await flow(4000);
  expect(await valueOf(watch, isStale)).toHaveProperty("asOf");
  browser.say({ t: "pulse", n });
  const asked = await browser.next("probe");
  await flow(4000);
  browser.say({ t: "pulse", n: asked.n });
  const { asOf } = await valueOf(watch, ({ reason }) => reason === "The connection is slow");
  const agoMs = Date.now() - Number(asOf);
  // When it was asked, and not before.
  expect(agoMs).toBeGreaterThanOrEqual(3900);
  expect(agoMs).toBeLessThan(9000);
  // The line is fast again.
  const answer = async (): Promise<never> => {
    for (;;) browser.say({ t: "pulse", n: (await browser.next("probe")).n });
  };
  void answer();
  await valueOf(watch, isLive);
});
