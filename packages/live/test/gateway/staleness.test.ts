import { expect, test } from "vitest";
import { canonical, selector, TestSite } from "./TestSite.ts";

const staleFor = (ms: number) => ({ at: performance.now() - ms, reason: "The database does not answer" });

test("browsers are notified since when a channel is stale, and that it is current again after its changes", async () => {
  await using site = await TestSite.open();
  const channel = site.logic.channel(selector);
  channel.put({ id: 1, text: "one" });
  const browser = await site.browser();
  const c = await browser.subscribe(1, canonical);
  await browser.next("s");
  channel.staleness = staleFor(60_000);
  channel.notify();
  const { age, why } = await browser.next("stale", (message) => message.c === c);
  expect(Math.round(age / 10_000)).toBe(6);
  expect(why).toBe("The database does not answer");
  // Changes are sent meanwhile; the staleness is not sent again.
  channel.put({ id: 1, text: "two" });
  await browser.untilRow(c, 1, "two");
  const late = await site.browser();
  const d = await late.subscribe(1, canonical);
  await late.untilRow(d, 1, "two");
  expect(late.messages.map(({ t }) => t).filter((t) => t === "s" || t === "stale")).toEqual(["stale", "s"]);
  channel.staleness = undefined;
  channel.put({ id: 1, text: "three" });
  for (const each of [browser, late]) {
    await each.next("current", (message) => message.c === c);
    expect(each.channels.get(c)?.rows.get(1)?.text).toBe("three");
    expect(each.messages.filter(({ t }) => t === "stale")).toHaveLength(each === late ? 1 : 0);
  }
});

test("browsers are notified since when logic does not answer, and each channel is confirmed when it does", async () => {
  await using site = await TestSite.open();
  site.logic.channel(selector).put({ id: 1, text: "one" });
  const browser = await site.browser();
  await browser.subscribe(1, canonical);
  await browser.next("s");
  site.logic.silence(true);
  const { age = 0, why } = await browser.next("up", ({ on }) => !on);
  expect(age).toBeGreaterThanOrEqual(3000);
  expect(why).toBe("Logic does not answer");
  const { browser: late, hi } = await site.greeted();
  expect(hi).toMatchObject({ upstream: false, why: "Logic does not answer" });
  browser.messages.length = 0;
  site.logic.silence(false);
  await browser.next("u");
  expect(browser.messages.find(({ t }) => t === "up")).toMatchObject({ on: true });
  await late.next("up", ({ on }) => on);
});

test("a browser is notified that logic does not answer before its probe is answered", async () => {
  await using site = await TestSite.open();
  const browser = await site.browser();
  site.logic.silence(true);
  browser.send({ t: "probe", n: 7 });
  await browser.next("pulse", ({ n }) => n === 7);
  expect(browser.messages.find(({ t }) => t === "up")).toMatchObject({ on: false });
});

test("an idle browser receives pulses at the announced interval, and need not answer them", async () => {
  await using site = await TestSite.open({ beatMs: 500 });
  const { browser, hi } = await site.greeted();
  expect(hi.pulseMs).toBe(100);
  for (let count = 0; count < 3; count += 1) expect(await browser.next("pulse")).toEqual({ t: "pulse" });
});
