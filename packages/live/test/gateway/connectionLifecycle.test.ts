import { setTimeout } from "node:timers/promises";
import { PeekError } from "@peek/errors";
import { expect, test } from "vitest";
import { until } from "@peek/kit/testing";
import { firstRows, largeText } from "./noise.ts";
import { RawBrowser } from "./RawBrowser.ts";
import { canonical, selector, TestSite } from "./TestSite.ts";

test("the end of a session closes all its connections at once, and no others", async () => {
  await using site = await TestSite.open();
  const anna = [await site.browser("anna"), await site.browser("anna")];
  const bert = await site.browser("bert");
  await anna[0]?.subscribe(1, canonical);
  site.sessions.get("anna")?.abort();
  expect(await Promise.all(anna.map((each) => each.untilClosed()))).toEqual([4401, 4401]);
  await bert.subscribe(1, canonical);
  expect(site.gateway.statistics()).toMatchObject({ connections: 1, subscriptions: 1 });
});

test("a change of a user's name or groups asks all connections of the user to connect again", async () => {
  await using site = await TestSite.open();
  const anna = await site.browser("anna");
  site.sessions.get("anna")?.abort(new PeekError("SESSION_CHANGED", "The user has changed."));
  expect(await anna.untilClosed()).toBe(4503);
  expect(anna.closed?.reason).toBe("The user has changed.");
});

test("a browser that has to log in is closed with that reason, and does not count as a connection", async () => {
  await using site = await TestSite.open();
  await using browser = new RawBrowser(site.url, { "x-user": "nobody" });
  expect(await browser.untilClosed()).toBe(4401);
  expect(browser.closed?.reason).toBe("Log in.");
  expect(browser.messages).toEqual([]);
  expect(site.gateway.statistics().connections).toBe(0);
});

test("a service that stops refuses a browser that has to log in", async () => {
  await using site = await TestSite.open();
  await site.gateway.drain(AbortSignal.timeout(10_000));
  await using browser = new RawBrowser(site.url, { "x-user": "nobody" });
  // Refused by HTTP.
  expect(await browser.untilClosed()).toBe(1006);
});

test("a service that stops asks its browsers to connect elsewhere, and accepts no others", async () => {
  await using site = await TestSite.open({ drainMs: 200 });
  const browsers = await Promise.all(Array.from({ length: 30 }, () => site.browser()));
  for (const each of browsers) await each.subscribe(1, canonical);
  const draining = site.gateway.drain(AbortSignal.timeout(10_000));
  await expect(site.browser()).rejects.toThrow(/hi/u);
  await draining;
  expect(new Set(await Promise.all(browsers.map((each) => each.untilClosed())))).toEqual(new Set([4503]));
});

test("a browser that does not leave a stopping service is cut off", async () => {
  await using site = await TestSite.open({ drainMs: 100 });
  const channel = site.logic.channel(selector);
  channel.put(...firstRows);
  const stuck = await site.browser();
  await stuck.untilRow(await stuck.subscribe(1, canonical), 0, "first");
  stuck.socket.pause();
  channel.put({ id: 0, text: largeText });
  await until("it to be on its way", () => site.gateway.statistics().largeFrameBytes > 0);
  const stop = new AbortController();
  const draining = site.gateway.drain(stop.signal);
  stop.abort();
  await draining;
  expect(site.gateway.statistics()).toMatchObject({ connections: 0, subscriptions: 0, channels: 0 });
});

test("a browser receives something in each heartbeat, and is cut off when it does not answer", async () => {
  await using site = await TestSite.open({ beatMs: 100 });
  const lively = await site.browser();
  const silent = await site.browser();
  silent.answers = false;
  expect(await silent.untilClosed()).toBe(1006);
  expect(silent.messages.filter(({ t }) => t === "beat").length).toBeGreaterThan(1);
  expect(lively.closed).toBeUndefined();
  await lively.subscribe(1, canonical);
});

test("a browser that sends nothing is sent heartbeats, however many changes it receives", async () => {
  await using site = await TestSite.open({ beatMs: 100 });
  const channel = site.logic.channel(selector);
  channel.put({ id: 1, text: "0" });
  const browser = await site.browser();
  const c = await browser.subscribe(1, canonical);
  const until = performance.now() + 700;
  for (let change = 1; performance.now() < until; change += 1) {
    channel.put({ id: 1, text: String(change) });
    await browser.untilRow(c, 1, String(change));
    // The load is what is tested: changes come all the time.
    await setTimeout(5);
  }
  expect(browser.closed).toBeUndefined();
  expect(browser.messages.some(({ t }) => t === "beat")).toBe(true);
});

test("a gateway that is disposed while it is busy leaves nothing behind", async () => {
  await using site = await TestSite.open();
  site.logic.channel(selector).put({ id: 1, text: "x".repeat(1_000_000) });
  site.logic.running = (_envelope, signal) =>
    new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason as Error)));
  const browser = await site.browser();
  browser.send({ t: "sub", id: 1, sel: canonical });
  const act = {
    type: "peek_plugin_pump.Press",
    body: "1",
    client: "c",
    lane: "l",
    seq: 1,
    after: 0,
    acked: 0,
    at: "2026-01-01T00:00:00Z",
    watch: [],
  };
  browser.send({ t: "act", id: 1, act });
  await expect.poll(() => site.gateway.statistics().actions).toBe(1);
  await site.gateway[Symbol.asyncDispose]();
  expect(site.gateway.statistics()).toEqual({
    connections: 0,
    subscriptions: 0,
    channels: 0,
    followedChannels: 0,
    closingChannels: 0,
    historyChars: 0,
    pendingAdmissions: 0,
    bufferedBytes: 0,
    largeFrameBytes: 0,
    lagging: 0,
    actions: 0,
  });
  await browser.untilClosed();
});
