import { TupleSelector } from "@peek/plugin-base/contracts";
import { expect, test, vi } from "vitest";
import { Frame } from "../../src/gateway/frames/Frame.ts";
import { canonical, observable, selector, TestSite } from "./TestSite.ts";

test("a browser receives its user, the tuples of a channel, and then each change", async () => {
  await using site = await TestSite.open();
  site.logic.channel(selector).put({ id: 1, text: "one" });
  const browser = await site.browser();
  const c = await browser.subscribe(1, canonical);
  expect(await browser.next("s")).toMatchObject({ c, e: "e1", o: 1, rows: [{ id: 1, text: "one" }] });
  site.logic.channel(selector).put({ id: 1, text: "two" });
  expect(await browser.next("d")).toMatchObject({ c, f: 1, o: 2 });
  expect(browser.channels.get(c)?.rows.get(1)?.text).toBe("two");
  expect(browser.binaryFrames).toBe(0);
});

test("a message is encoded once however many browsers watch, and all browsers arrive at the same state in order", async () => {
  await using site = await TestSite.open();
  const channel = site.logic.channel(selector);
  channel.put({ id: 1, text: "0" });
  const encoding = vi.spyOn(Frame, "ofText");
  const encoded = (kind: string): number => encoding.mock.calls.filter(([text]) => text.startsWith(kind)).length;
  const browsers = await Promise.all(Array.from({ length: 50 }, () => site.browser()));
  const [c = -1] = await Promise.all(browsers.map((each) => each.subscribe(1, canonical)));
  await Promise.all(browsers.map((each) => each.untilRow(c, 1, "0")));
  expect(site.gateway.statistics()).toMatchObject({ connections: 50, subscriptions: 50, channels: 1 });
  expect(channel.followers).toBe(1);
  expect(encoded('{"t":"s"')).toBe(1);
  channel.put({ id: 1, text: "once" });
  await Promise.all(browsers.map((each) => each.untilRow(c, 1, "once")));
  expect(encoded('{"t":"d"')).toBe(1);
  encoding.mockRestore();
  for (let change = 1; change <= 200; change += 1) channel.put({ id: change % 7, text: String(change) });
  await Promise.all(browsers.map((each) => each.untilRow(c, 200 % 7, "200")));
  for (const each of browsers) expect(each.gaps).toBe(0);
  const state = Object.fromEntries(channel.rows.map(({ id, text }) => [id, text]));
  for (const each of browsers) {
    const shown = [...(each.channels.get(c)?.rows.values() ?? [])];
    expect(Object.fromEntries(shown.map(({ id, text }) => [id, text]))).toEqual(state);
  }
});

test("a browser that comes back receives the changes since its position, a confirmation, or a snapshot", async () => {
  await using site = await TestSite.open();
  const channel = site.logic.channel(selector);
  channel.put({ id: 1, text: "1" });
  const witness = await site.browser();
  const c = await witness.subscribe(1, canonical);
  await witness.untilRow(c, 1, "1");
  for (let change = 2; change <= 5; change += 1) {
    channel.put({ id: change, text: String(change) });
    await witness.untilRow(c, change, String(change));
  }
  const browser = await site.browser();
  await browser.subscribe(1, canonical, { epoch: "e1", offset: 3 });
  expect(await browser.next("d")).toMatchObject({ f: 3, o: 5 });
  await browser.subscribe(2, canonical, { epoch: "e1", offset: 5 });
  expect(await browser.next("u")).toMatchObject({ e: "e1", o: 5 });
  await browser.subscribe(3, canonical, { epoch: "another", offset: 5 });
  expect(await browser.next("s")).toMatchObject({ e: "e1", o: 5 });
});

test("a channel is followed from its first browser to its last, and another selector is another channel", async () => {
  await using site = await TestSite.open();
  const other = new TupleSelector(observable, { site: "north" });
  const channel = site.logic.channel(selector);
  channel.put({ id: 1, text: "one" });
  const browser = await site.browser();
  const c = await browser.subscribe(1, canonical);
  expect(await browser.subscribe(2, other.canonical())).not.toBe(c);
  expect(site.gateway.statistics()).toMatchObject({ subscriptions: 2, channels: 2 });
  browser.send({ t: "unsub", id: 1 });
  await browser.subscribe(3, other.canonical());
  expect(site.gateway.statistics()).toMatchObject({ subscriptions: 2, channels: 1 });
  await expect.poll(() => channel.followers).toBe(0);
});

test("a subscription waits for a channel that logic has not answered for", async () => {
  await using site = await TestSite.open();
  const channel = site.logic.channel(selector);
  channel.key = undefined;
  const browser = await site.browser();
  browser.send({ t: "sub", id: 1, sel: canonical });
  await expect.poll(() => channel.followers).toBe(1);
  channel.key = ["id"];
  channel.notify();
  await browser.next("on");
  channel.put({ id: 1, text: "at last" });
  expect(await browser.next("s")).toMatchObject({ rows: [{ id: 1, text: "at last" }] });
});

test("a channel that fails ends its subscriptions only while it has no tuples", async () => {
  await using site = await TestSite.open();
  const channel = site.logic.channel(selector);
  const browser = await site.browser();
  await browser.subscribe(1, canonical);
  channel.trouble = { code: "OBSERVABLE_LOAD_FAILED", message: "Its provider fails." };
  channel.notify();
  expect(await browser.next("off")).toMatchObject({ id: 1, code: "OBSERVABLE_LOAD_FAILED" });
  expect(site.gateway.statistics()).toMatchObject({ subscriptions: 0, channels: 0 });
  channel.trouble = undefined;
  await site.untilLeft();
  const c = await browser.subscribe(2, canonical);
  channel.put({ id: 1, text: "one" });
  await browser.untilRow(c, 1, "one");
  channel.trouble = { code: "OBSERVABLE_LOAD_FAILED", message: "Its provider fails again." };
  channel.notify();
  channel.put({ id: 1, text: "two" });
  await browser.untilRow(c, 1, "two");
  expect(site.gateway.statistics().subscriptions).toBe(1);
});

test("a browser is notified when logic is lost and reached again, and when each channel is live again", async () => {
  await using site = await TestSite.open();
  const channel = site.logic.channel(selector);
  channel.put({ id: 1, text: "one" });
  const browser = await site.browser();
  const c = await browser.subscribe(1, canonical);
  await browser.next("s");
  site.logic.connect(false);
  expect((await browser.next("up")).on).toBe(false);
  site.logic.connect(true);
  expect((await browser.next("up")).on).toBe(true);
  expect(await browser.next("u")).toMatchObject({ c, e: "e1", o: 1 });
  // Once.
  channel.notify();
  channel.put({ id: 1, text: "two" });
  await browser.next("d");
  expect(browser.messages.filter(({ t }) => t === "u")).toEqual([]);
});

test("a gateway sends logic a digest only after a restart of logic, which may not know the position", async () => {
  await using site = await TestSite.open();
  const channel = site.logic.channel(selector);
  channel.put({ id: 1, text: "one" });
  const browser = await site.browser();
  const c = await browser.subscribe(1, canonical);
  await browser.untilRow(c, 1, "one");
  site.logic.connect(false);
  site.logic.connect(true);
  await browser.next("u");
  expect(site.logic.following.at(-1)?.at).toEqual({ epoch: "e1", offset: 1, digest: "" });
  site.logic.connect(false);
  site.logic.connect(true, "logic-2");
  await browser.next("u");
  expect(site.logic.following.at(-1)?.at?.digest).toMatch(/^[0-9a-f]{64}$/u);
});
