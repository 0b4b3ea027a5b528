import { TupleSelector } from "@peek/plugin-base/contracts";
import { expect, test, vi } from "vitest";
import { ChannelRegistry } from "../../src/gateway/channels/ChannelRegistry.ts";
import type { Admission } from "../../src/rpc/ObservablesRpc.ts";
import type { RawBrowser } from "./RawBrowser.ts";
import { canonical, observable, TestSite } from "./TestSite.ts";

/** The number of unwatched channels that a user may ask for at once. */
const burst = 2000;

/** Begins to watch what nobody watches, and ends it at once; so often. */
function churn(browser: RawBrowser, from: number, count: number): void {
  for (let id = from; id < from + count; id += 1) {
    browser.send({ t: "sub", id, sel: new TupleSelector(observable, { id }).canonical() });
    browser.send({ t: "unsub", id });
  }
}

/** Waits until all that a browser has sent was read. */
async function untilRead(browser: RawBrowser): Promise<void> {
  browser.send("no message");
  await browser.next("err");
}

test("a user that asks for ever new channels waits; other users, and channels that others watch, do not", async () => {
  await using site = await TestSite.open();
  using opening = vi.spyOn(ChannelRegistry.prototype, "open");
  const bert = await site.browser("bert");
  await bert.subscribe(1, canonical);
  const anna = [await site.browser("anna", "phone"), await site.browser("anna", "desk"), await site.browser("anna")];
  const started = performance.now();
  for (const [index, each] of anna.entries()) {
    churn(each, index * 10_000, 1000);
    await untilRead(each);
  }
  const earned = (100 * (performance.now() - started)) / 1000;
  expect(opening.mock.calls.length).toBeGreaterThanOrEqual(burst);
  // Another is that of bert.
  expect(opening.mock.calls.length).toBeLessThanOrEqual(burst + earned + 1);
  // What somebody watches costs nothing.
  await anna[0]?.subscribe(100_000, canonical);
  await bert.subscribe(2, new TupleSelector(observable, { of: "bert" }).canonical());
  await bert.subscribe(3, new TupleSelector(observable, { of: "bert too" }).canonical());
});

test("a user that has to wait for a new channel gets it as soon as there is a token", async () => {
  await using site = await TestSite.open();
  await using browsers = new AsyncDisposableStack();
  const anna = browsers.use(await site.browser());
  churn(anna, 0, 1000);
  await untilRead(anna);
  const desk = browsers.use(await site.browser());
  churn(desk, 0, 1000);
  await untilRead(desk);
  const started = performance.now();
  const phone = await site.browser();
  const ids = Array.from({ length: 30 }, (_, id) => id);
  await Promise.all(
    ids.map(async (id) => phone.subscribe(id, new TupleSelector(observable, { of: "phone", id }).canonical())),
  );
  expect(performance.now() - started).toBeLessThan(5000);
  expect(site.gateway.statistics().subscriptions).toBe(30);
});

test("questions about subscriptions that have ended count against the limit until logic answers", async () => {
  await using site = await TestSite.open();
  const answers = Promise.withResolvers<Admission>();
  site.logic.admitting = () => answers.promise;
  const browser = await site.browser();
  churn(browser, 0, 1400);
  await untilRead(browser);
  // The first finds out for all, which are no more than may be under way.
  expect(site.logic.admissions).toBe(1);
  const refused = browser.messages.filter((message) => message.t === "off");
  expect(refused.length).toBe(300);
  expect(new Set(refused.map((message) => message.t === "off" && message.code))).toEqual(
    new Set(["SUBSCRIPTION_LIMIT"]),
  );
  answers.resolve({ ok: false, code: "FORBIDDEN", message: "Nobody may watch it." });
  browser.send({ t: "sub", id: 5000, sel: canonical });
  await browser.next("off", ({ id }) => id === 5000);
});
