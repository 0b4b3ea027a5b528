import { once } from "node:events";
import { setTimeout } from "node:timers/promises";
import { expect, test } from "vitest";
import { until } from "@peek/kit/testing";
import { firstRows, largeText, noise } from "./noise.ts";
import { SlowReader } from "./SlowReader.ts";
import { canonical, selector, TestSite } from "./TestSite.ts";

const mebi = 1024 * 1024;

test("a browser that does not read takes little memory, delays no other browser, and receives the latest state when it reads again", async () => {
  await using site = await TestSite.open();
  const channel = site.logic.channel(selector);
  channel.put({ id: 0, text: "first" });
  const slow = await site.browser();
  const quick = await site.browser();
  const c = await slow.subscribe(1, canonical);
  await quick.subscribe(1, canonical);
  await slow.untilRow(c, 0, "first");
  slow.socket.pause();
  let most = 0;
  // 15 MB: more than the sockets hold.
  const changes = 150;
  for (let change = 1; change <= changes; change += 1) {
    channel.put({ id: change % 5, text: `${change} ${noise(100_000)}` }, { id: 9, text: String(change) });
    await quick.untilRow(c, 9, String(change));
    most = Math.max(most, site.gateway.statistics().bufferedBytes);
  }
  expect(most).toBeLessThan(mebi);
  expect(site.gateway.statistics().lagging).toBe(1);
  expect(quick.messages.filter(({ t }) => t === "d").length).toBe(changes);
  slow.socket.resume();
  await slow.untilRow(c, 9, String(changes));
  expect(slow.gaps).toBe(0);
  // It was not sent each step, but what came of those that it missed.
  expect(slow.messages.filter(({ t }) => t === "d").length).toBeLessThan(changes * 0.75);
  expect(slow.channels.get(c)?.rows).toEqual(quick.channels.get(c)?.rows);
  await expect.poll(() => site.gateway.statistics()).toMatchObject({ lagging: 0, bufferedBytes: 0 });
});

test("a message of many MiB is sent in fragments, with pongs between them and no other message", async () => {
  await using site = await TestSite.open();
  const channel = site.logic.channel(selector);
  channel.put(...firstRows);
  const browser = await site.browser();
  const c = await browser.subscribe(1, canonical);
  await browser.untilRow(c, 0, "first");
  browser.socket.pause();
  channel.put({ id: 0, text: largeText });
  await until("it to be on its way", () => site.gateway.statistics().largeFrameBytes > 0);
  expect(site.gateway.statistics().bufferedBytes).toBeLessThan(mebi);
  browser.socket.ping();
  // Replies and changes that come meanwhile wait until it is out.
  browser.send("no message");
  channel.put({ id: 2, text: "small" });
  expect(site.gateway.statistics().bufferedBytes).toBeLessThan(mebi);
  const pong = once(browser.socket, "pong");
  browser.socket.resume();
  await pong;
  await browser.untilRow(c, 2, "small");
  expect(browser.channels.get(c)?.rows.get(0)?.text === largeText).toBe(true);
  await browser.next("err");
  expect(browser.gaps).toBe(0);
});

test("a large snapshot is compressed once for all browsers, and later changes follow it in order", async () => {
  await using site = await TestSite.open();
  const channel = site.logic.channel(selector);
  const rows = Array.from({ length: 5000 }, (_, id) => ({ id, text: `pump ${id}` }));
  channel.put(...rows);
  const browsers = await Promise.all(Array.from({ length: 10 }, () => site.browser()));
  const [c = -1] = await Promise.all(
    browsers.map(async (each) => {
      const number = each.subscribe(1, canonical);
      await number;
      return number;
    }),
  );
  // While it is being compressed for some of them.
  channel.put({ id: 0, text: "changed" });
  await Promise.all(browsers.map((each) => each.untilRow(c, 0, "changed")));
  const plain = JSON.stringify(channel.rows).length;
  for (const each of browsers) {
    expect(each.binaryFrames).toBe(1);
    expect(each.bytes).toBeLessThan(plain / 2);
    expect(each.gaps).toBe(0);
    expect([...(each.channels.get(c)?.rows.values() ?? [])]).toEqual(channel.rows);
  }
});

test("a browser that reads nothing for too long is closed and logged, and others are served", async () => {
  await using site = await TestSite.open({ beatMs: 100 });
  const channel = site.logic.channel(selector);
  channel.put(...firstRows);
  const stuck = await site.browser();
  const lively = await site.browser();
  const c = await stuck.subscribe(1, canonical);
  await lively.subscribe(1, canonical);
  await stuck.untilRow(c, 0, "first");
  stuck.socket.pause();
  channel.put({ id: 99, text: largeText });
  await lively.until("the large row", () => lively.channels.get(c)?.rows.get(99)?.text === largeText);
  await expect.poll(() => site.gateway.statistics()).toMatchObject({ connections: 1, subscriptions: 1 });
  expect(site.log.lines.join("\n")).toContain("was closed: it does not read");
  channel.put({ id: 0, text: "go on" });
  await lively.untilRow(c, 0, "go on");
});

test("a browser that reads slowly is kept because of its pongs; a browser that stops reading is closed", async () => {
  await using site = await TestSite.open({ beatMs: 100 });
  const channel = site.logic.channel(selector);
  channel.put(...firstRows);
  using reader = await SlowReader.open(site.url);
  await until("it to be subscribed", () => reader.textMessages >= 3);
  reader.isFast = false;
  channel.put({ id: 0, text: largeText });
  // It is slow for 4 s, while one that reads nothing for 1.5 s is stuck.
  for (let step = 0; step < 20; step += 1) {
    await setTimeout(200);
    reader.read();
  }
  expect(site.gateway.statistics().connections).toBe(1);
  await expect.poll(() => site.gateway.statistics().connections).toBe(0);
  expect(site.log.lines.join("\n")).toContain("was closed: it does not read");
});

test("a pong that answers no ping does not prove that a browser reads", async () => {
  await using site = await TestSite.open({ beatMs: 100 });
  const channel = site.logic.channel(selector);
  channel.put(...firstRows);
  const stuck = await site.browser();
  await stuck.untilRow(await stuck.subscribe(1, canonical), 0, "first");
  stuck.socket.pause();
  channel.put({ id: 0, text: largeText });
  const pretending = setInterval(() => stuck.socket.pong("1000000"), 50);
  using _ending = { [Symbol.dispose]: () => clearInterval(pretending) };
  await expect.poll(() => site.gateway.statistics().connections).toBe(0);
  expect(site.log.lines.join("\n")).toContain("was closed: it does not read");
});
