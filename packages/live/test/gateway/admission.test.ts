import { PeekError } from "@peek/errors";
import { TupleSelector } from "@peek/plugin-base/contracts";
import { expect, test, vi } from "vitest";
import { ChannelRegistry } from "../../src/gateway/channels/ChannelRegistry.ts";
import type { Admission } from "../../src/rpc/ObservablesRpc.ts";
import { canonical, observable, selector, TestSite } from "./TestSite.ts";

const refused: Admission = { ok: false, code: "FORBIDDEN", message: "The user may not watch it." };

test("logic is asked once about an observable that is open to all, also when many browsers come at once", async () => {
  await using site = await TestSite.open();
  site.logic.channel(selector).put({ id: 1, text: "one" });
  const browsers = await Promise.all(Array.from({ length: 30 }, (_, index) => site.browser(`user ${index}`)));
  await Promise.all(browsers.map((each) => each.subscribe(1, canonical)));
  expect(site.logic.admissions).toBe(1);
});

test("logic is asked for each user of a guarded observable, and each user sees only the user's own scope", async () => {
  await using site = await TestSite.open();
  site.logic.admitting = ({ id }) => (id === "eve" ? refused : { ok: true, scope: id, guarded: true });
  for (const name of ["anna", "bert"]) site.logic.channel(selector, name).put({ id: 1, text: `of ${name}` });
  const anna = await site.browser("anna");
  const bert = await site.browser("bert");
  const eve = await site.browser("eve");
  await anna.untilRow(await anna.subscribe(1, canonical), 1, "of anna");
  await bert.untilRow(await bert.subscribe(1, canonical), 1, "of bert");
  eve.send({ t: "sub", id: 1, sel: canonical });
  expect(await eve.next("off")).toMatchObject({ id: 1, code: "FORBIDDEN" });
  expect(eve.channels.size).toBe(0);
  expect(site.logic.admissions).toBe(3);
});

test("a change of rights ends the subscriptions of users that lost theirs, and no others", async () => {
  await using site = await TestSite.open();
  const forbidden = new Set<string>();
  site.logic.admitting = ({ id }) => (forbidden.has(id) ? refused : { ok: true, scope: "", guarded: true });
  const channel = site.logic.channel(selector);
  channel.put({ id: 1, text: "one" });
  const anna = await site.browser("anna");
  const bert = await site.browser("bert");
  const c = await anna.subscribe(1, canonical);
  await bert.subscribe(1, canonical);
  await bert.untilRow(c, 1, "one");
  forbidden.add("bert");
  site.logic.rightsChanged("peek_plugin_pump.Another");
  site.logic.rightsChanged(observable);
  expect(await bert.next("off")).toMatchObject({ id: 1, code: "FORBIDDEN" });
  channel.put({ id: 1, text: "secret" });
  await anna.untilRow(c, 1, "secret");
  expect(bert.channels.get(c)?.rows.get(1)?.text).toBe("one");
  expect(site.gateway.statistics().subscriptions).toBe(1);
});

test("a user whose scope has changed receives the new scope, and nothing more of the old one", async () => {
  await using site = await TestSite.open();
  let scope = "day";
  site.logic.admitting = () => ({ ok: true, scope, guarded: true });
  for (const name of ["day", "night"]) site.logic.channel(selector, name).put({ id: 1, text: name });
  const browser = await site.browser();
  const day = await browser.subscribe(1, canonical);
  await browser.untilRow(day, 1, "day");
  scope = "night";
  site.logic.rightsChanged(observable);
  const { c: night } = await browser.next("on");
  expect(night).not.toBe(day);
  await browser.untilRow(night, 1, "night");
  await expect.poll(() => site.logic.channel(selector, "day").followers).toBe(0);
});

test("an admission from before a change of rights does not count", async () => {
  await using site = await TestSite.open();
  const asked = Promise.withResolvers<undefined>();
  const first = Promise.withResolvers<Admission>();
  site.logic.admitting = () => {
    site.logic.admitting = () => refused;
    asked.resolve(undefined);
    return first.promise;
  };
  const browser = await site.browser();
  browser.send({ t: "sub", id: 1, sel: canonical });
  await asked.promise;
  site.logic.rightsChanged(observable);
  first.resolve({ ok: true, scope: "", guarded: false });
  expect(await browser.next("off")).toMatchObject({ code: "FORBIDDEN" });
  expect(site.logic.channel(selector).followers).toBe(0);
});

test("an outdated admission does not count, however often rights change while logic is asked", async () => {
  await using site = await TestSite.open();
  // Each change but the last comes while the answer is on its way; with the seventh, the right is gone.
  site.logic.admitting = async () => {
    const { admissions } = site.logic;
    if (admissions <= 7) site.logic.rightsChanged(observable);
    return admissions <= 7 ? { ok: true, scope: "", guarded: true } : refused;
  };
  const browser = await site.browser();
  browser.send({ t: "sub", id: 1, sel: canonical });
  expect(await browser.next("off")).toMatchObject({ id: 1, code: "FORBIDDEN" });
  expect(site.logic.admissions).toBe(8);
  expect(site.logic.following).toEqual([]);
});

test("a user that lost the right to watch is refused, even while rights change all the time", async () => {
  await using site = await TestSite.open();
  site.logic.channel(selector).put({ id: 1, text: "one" });
  site.logic.admitting = () => ({ ok: true, scope: "", guarded: true });
  const browser = await site.browser();
  await browser.subscribe(1, canonical);
  site.logic.admitting = async () => {
    site.logic.rightsChanged(observable);
    return refused;
  };
  site.logic.rightsChanged(observable);
  expect(await browser.next("off")).toMatchObject({ id: 1, code: "FORBIDDEN" });
});

test("a change of rights of another observable does not make an admission outdated", async () => {
  await using site = await TestSite.open();
  site.logic.admitting = async () => {
    site.logic.rightsChanged("peek_plugin_pump.Another");
    return { ok: true, scope: "", guarded: true };
  };
  const browser = await site.browser();
  await browser.subscribe(1, canonical);
  expect(site.logic.admissions).toBe(1);
});

test("logic is asked again for all subscriptions when it is reached again", async () => {
  await using site = await TestSite.open();
  site.logic.channel(selector).put({ id: 1, text: "one" });
  const browser = await site.browser();
  await browser.subscribe(1, canonical);
  site.logic.connect(false);
  site.logic.admitting = () => refused;
  // While nobody can be asked, all stays as it is.
  await browser.subscribe(2, canonical);
  site.logic.connect(true);
  await browser.next("off", ({ id }) => id === 1);
  await browser.next("off", ({ id }) => id === 2);
});

test("tuples stay while a restarted logic has not loaded the plugin, until it can decide who may watch", async () => {
  await using site = await TestSite.open();
  const channel = site.logic.channel(selector);
  channel.put({ id: 1, text: "one" });
  const browser = await site.browser();
  await browser.subscribe(1, canonical);
  site.logic.connect(false);
  channel.isLive = false;
  site.logic.admitting = () => ({ ok: false, code: "OBSERVABLE_UNKNOWN", message: "It is not provided." });
  site.logic.connect(true);
  await expect.poll(() => site.logic.admissions).toBe(2);
  expect(site.gateway.statistics().subscriptions).toBe(1);
  site.logic.admitting = () => refused;
  channel.isLive = true;
  channel.notify();
  expect(await browser.next("off")).toMatchObject({ id: 1, code: "FORBIDDEN" });
  expect(browser.messages.some(({ t }) => t === "off")).toBe(false);
});

test("a subscription beyond the channel limit is refused and leaves nothing behind", async () => {
  await using site = await TestSite.open();
  const opening = vi.spyOn(ChannelRegistry.prototype, "open").mockImplementation(() => {
    throw new PeekError("SUBSCRIPTION_LIMIT", "There are too many channels.");
  });
  const browser = await site.browser();
  for (const id of [1, 2]) {
    browser.send({ t: "sub", id, sel: canonical });
    expect(await browser.next("off")).toMatchObject({ id, code: "SUBSCRIPTION_LIMIT" });
  }
  expect(site.gateway.statistics().subscriptions).toBe(0);
  opening.mockRestore();
  await browser.subscribe(1, canonical);
});

test("a subscription waits while logic is not reached, and is discarded when its browser leaves", async () => {
  await using site = await TestSite.open();
  site.logic.admitting = (_user, _selector, signal) =>
    new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason as Error)));
  const browsers = [await site.browser(), await site.browser()];
  for (const each of browsers) each.send({ t: "sub", id: 1, sel: canonical });
  await expect.poll(() => site.gateway.statistics().subscriptions).toBe(2);
  await browsers[1]?.[Symbol.asyncDispose]();
  await expect.poll(() => site.gateway.statistics().subscriptions).toBe(1);
  await browsers[0]?.[Symbol.asyncDispose]();
  await site.untilIdle();
});

test("an observable that is not exposed cannot be watched, and subscriptions end when it is no longer exposed", async () => {
  await using site = await TestSite.open();
  site.logic.channel(selector).put({ id: 1, text: "one" });
  const browser = await site.browser();
  const hidden = new TupleSelector("peek_plugin_pump.Hidden", {});
  browser.send({ t: "sub", id: 1, sel: hidden.canonical() });
  expect(await browser.next("off")).toMatchObject({ id: 1, code: "OBSERVABLE_UNKNOWN" });
  await browser.subscribe(2, canonical);
  site.exposed.removeObservable(observable);
  expect(await browser.next("off")).toMatchObject({ id: 2, code: "OBSERVABLE_UNKNOWN" });
  expect(site.gateway.statistics()).toMatchObject({ subscriptions: 0, channels: 0 });
  site.exposed.addObservable(observable);
  await browser.subscribe(3, canonical);
});
