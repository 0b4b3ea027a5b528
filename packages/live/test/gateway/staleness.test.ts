import { expect, test } from "vitest";
import { canonical, selector, TestSite } from "./TestSite.ts";

const staleFor = (ms: number) => ({ at: performance.now() - ms, reason: "The database does not answer" });

test("browsers are told of a channel that is stale for how long, and when it is current again, after what has changed", async () => {
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
  // What changes meanwhile is told; that it is stale, not again.
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

test("while it is not known how things are on logic, all are told since when; then each channel is confirmed", async () => {
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

test("what is so is said before a probe is answered, also when nobody has looked", async () => {
  await using site = await TestSite.open();
  const browser = await site.browser();
  site.logic.silence(true);
  browser.send({ t: "probe", n: 7 });
  await browser.next("pulse", ({ n }) => n === 7);
  expect(browser.messages.find(({ t }) => t === "up")).toMatchObject({ on: false });
});

test("a browser that is sent nothing hears a pulse as often as it was told, and need not answer", async () => {
  await using site = await TestSite.open({ beatMs: 500 });
  const { browser, hi } = await site.greeted();
  expect(hi.pulseMs).toBe(100);
  for (let count = 0; count < 3; count += 1) expect(await browser.next("pulse")).toEqual({ t: "pulse" });
});
