import type { ObservableProvider } from "@peek/plugin-base";
import { until } from "@peek/kit/testing";
import { MemoryHarness, plugin } from "@peek/vortex/testing";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { ZodType } from "zod";
import { FieldProcess } from "../observables/FieldProcess.ts";
import { LogicProcess } from "../observables/LogicProcess.ts";
import { pumpsOf, pumpTuple } from "../observables/pumps.ts";
import type { RawBrowser } from "./RawBrowser.ts";
import { action, canonical, TestSite } from "./TestSite.ts";

const never = new AbortController().signal;
const updating = "The plugin is being updated.";

let owned: AsyncDisposableStack;
let logic: LogicProcess;
let site: TestSite;
let speed: number;

beforeEach(async () => {
  owned = new AsyncDisposableStack();
  const harness = new MemoryHarness();
  speed = 0;
  const field = owned.use(new FieldProcess(await harness.join("field")));
  site = owned.use(await TestSite.open({ rpc: field.rpc, presence: field.presence }));
  logic = owned.use(new LogicProcess(await harness.join("logic")));
});

afterEach(async () => {
  await owned.disposeAsync();
});

function provide(own: Partial<ObservableProvider<object, ZodType>> = {}): void {
  logic.observables.provide(pumpTuple, {
    load: () => pumpsOf(100).with(3, { id: 3, name: "Pump 3", speed }),
    ...own,
  });
}

/** Ends the phase of the plugin on logic: its observables are withdrawn. */
async function stop(): Promise<void> {
  const { stack } = logic;
  logic.stack = new AsyncDisposableStack();
  await stack.disposeAsync();
}

async function untilSpeed(browser: RawBrowser, channel: number, expected: number): Promise<void> {
  await browser.until(`speed ${expected}`, () => {
    const row: unknown = browser.channels.get(channel)?.rows.get(3);
    return typeof row === "object" && row !== null && "speed" in row && row.speed === expected;
  });
}

/** The kinds of the messages of channels, in order. */
function kinds(browser: RawBrowser): string[] {
  return browser.messages.map(({ t }) => t).filter((t) => ["s", "d", "u", "stale", "current", "off"].includes(t));
}

test("browsers keep their tuples as stale while the plugin is updated on logic, and get the differences", async () => {
  provide();
  const browser = await site.browser();
  const c = await browser.subscribe(1, canonical);
  await untilSpeed(browser, c, 0);
  browser.messages.length = 0;
  const suspension = await logic.server.suspend(plugin, never);
  expect(await browser.next("stale")).toMatchObject({ c, why: updating });
  await stop();
  // It is shown as stale to others as well, from the replica of the gateway.
  const late = await site.browser("bert", "d2");
  const sent = late.subscribe(1, canonical);
  speed = 5;
  provide();
  await until("the gateway waits", () => logic.vortex.statistics().streamsOut >= 2);
  expect(kinds(browser)).toEqual([]);
  expect(site.gateway.stale().entries).toMatchObject([{ observable: pumpTuple.name, reason: updating }]);
  suspension[Symbol.dispose]();
  await untilSpeed(browser, c, 5);
  await browser.next("current");
  expect(kinds(browser)).toEqual(["d"]);
  expect(browser.gaps).toBe(0);
  await untilSpeed(late, await sent, 5);
  expect(kinds(late).filter((kind) => kind === "off")).toEqual([]);
});

test("browsers get all tuples anew if the new version has another key, and then the differences", async () => {
  provide();
  const browser = await site.browser();
  const c = await browser.subscribe(1, canonical);
  await untilSpeed(browser, c, 0);
  browser.messages.length = 0;
  const suspension = await logic.server.suspend(plugin, never);
  await browser.next("stale");
  await stop();
  speed = 5;
  const type = { ...pumpTuple, key: ["name"] };
  const load = () => pumpsOf(100).with(3, { id: 3, name: "Pump 3", speed });
  const provided = logic.observables.provide(type, { load });
  suspension[Symbol.dispose]();
  expect(await browser.next("on")).toEqual({ t: "on", id: 1, c, key: ["name"] });
  await untilSpeed(browser, c, 5);
  expect(kinds(browser)).toEqual(["s"]);
  speed = 6;
  provided.notify();
  await untilSpeed(browser, c, 6);
  expect(kinds(browser)).toEqual(["s", "d"]);
  expect({ gaps: browser.gaps, stale: site.gateway.stale().entries }).toEqual({ gaps: 0, stale: [] });
});

test("browsers get no tuples again if the new version has the same", async () => {
  provide();
  const browser = await site.browser();
  const c = await browser.subscribe(1, canonical);
  await untilSpeed(browser, c, 0);
  browser.messages.length = 0;
  const { bytes } = browser;
  for (let cycle = 0; cycle < 10; cycle += 1) {
    const suspension = await logic.server.suspend(plugin, never);
    await browser.next("stale");
    await stop();
    provide();
    suspension[Symbol.dispose]();
    await browser.next("current");
  }
  expect(browser.bytes - bytes).toBeLessThan(5000);
  expect(kinds(browser)).not.toContain("s");
  expect(kinds(browser)).not.toContain("off");
  expect(browser.channels.get(c)?.rows.size).toBe(100);
});

test("a change that is given up goes on with the same observable", async () => {
  provide();
  const browser = await site.browser();
  const c = await browser.subscribe(1, canonical);
  await untilSpeed(browser, c, 0);
  const first = await logic.server.suspend(plugin, never);
  const second = await logic.server.suspend(plugin, never);
  await browser.next("stale");
  speed = 4;
  logic.observables.notify(pumpTuple);
  first[Symbol.dispose]();
  expect(logic.server.stale()).toMatchObject({ stale: 1 });
  second[Symbol.dispose]();
  await untilSpeed(browser, c, 4);
  await browser.next("current");
});

test("the rights of the new version apply, and new subscriptions wait for it", async () => {
  provide({ authorize: () => true });
  const browser = await site.browser();
  const c = await browser.subscribe(1, canonical);
  await untilSpeed(browser, c, 0);
  const suspension = await logic.server.suspend(plugin, never);
  await stop();
  const late = await site.browser("bert", "d2");
  late.send({ t: "sub", id: 1, sel: canonical });
  provide({ authorize: ({ user }) => user.id === "bert" });
  expect([...kinds(late), ...kinds(browser)]).not.toContain("off");
  suspension[Symbol.dispose]();
  await browser.next("off", ({ code }) => code === "FORBIDDEN");
  await untilSpeed(late, (await late.next("on")).c, 0);
});

test("an observable that the new version does not provide is unknown after the update, not before", async () => {
  provide();
  const suspension = await logic.server.suspend(plugin, never);
  await stop();
  const browser = await site.browser();
  browser.send({ t: "sub", id: 1, sel: canonical });
  browser.send({ t: "sub", id: 2, sel: '["peek_plugin_valve.Valve",{}]' });
  await browser.next("off", ({ id }) => id === 2);
  expect(kinds(browser)).toEqual([]);
  suspension[Symbol.dispose]();
  await browser.next("off", ({ id, code }) => id === 1 && code === "OBSERVABLE_UNKNOWN");
});

test("the update waits for a load, but not longer than its signal", async () => {
  const gate = Promise.withResolvers<void>();
  let loads = 0;
  provide({
    load: async () => {
      loads += 1;
      await gate.promise;
      return pumpsOf(5);
    },
  });
  const browser = await site.browser();
  browser.send({ t: "sub", id: 1, sel: canonical });
  await until("it is loaded", () => loads === 1);
  const deadline = new AbortController();
  let isSuspended = false;
  const suspending = logic.server.suspend(plugin, deadline.signal).finally(() => (isSuspended = true));
  const later = logic.server.suspend(plugin, never);
  deadline.abort();
  using _first = await suspending;
  expect(isSuspended).toBe(true);
  gate.resolve();
  using _second = await later;
  logic.observables.notify(pumpTuple);
  expect(loads).toBe(1);
});

test("subscriptions stay while the plugin is updated on the gateway's service, and are admitted anew", async () => {
  provide();
  const browser = await site.browser();
  const c = await browser.subscribe(1, canonical);
  await untilSpeed(browser, c, 0);
  const suspension = site.exposed.suspend(plugin);
  expect(await browser.next("stale")).toMatchObject({ c, why: updating });
  site.exposed.removeObservable(pumpTuple.name);
  site.exposed.removeAction(action);
  const late = await site.browser("bert", "d2");
  late.send({ t: "sub", id: 1, sel: canonical });
  site.exposed.addObservable(pumpTuple.name);
  expect(kinds(late)).toEqual([]);
  suspension[Symbol.dispose]();
  await browser.next("current");
  await untilSpeed(late, (await late.next("on")).c, 0);
  expect(kinds(browser)).not.toContain("off");
  // Another version does not expose it any more.
  const again = site.exposed.suspend(plugin);
  site.exposed.removeObservable(pumpTuple.name);
  await browser.next("stale");
  again[Symbol.dispose]();
  await browser.next("off", ({ code }) => code === "OBSERVABLE_UNKNOWN");
});

const act = {
  type: action,
  body: "{}",
  client: "c1",
  lane: "default",
  seq: 1,
  after: 0,
  acked: 0,
  at: "2026-01-01T00:00:00Z",
  watch: [],
};

test("actions wait for the plugin on the gateway's service, and after 2 s are to be tried again", async () => {
  await using own = await TestSite.open();
  const browser = await own.browser();
  const suspension = own.exposed.suspend(plugin);
  own.exposed.removeAction(action);
  browser.send({ t: "act", id: 1, act });
  expect((await browser.next("res")).out).toMatchObject({ kind: "retry", code: "PLUGIN_UPDATING", afterMs: 500 });
  expect(own.logic.actions).toEqual([]);
  browser.send({ t: "act", id: 2, act });
  await until("it waits", () => own.gateway.statistics().actions === 1);
  own.exposed.addAction(action);
  suspension[Symbol.dispose]();
  expect((await browser.next("res")).out).toMatchObject({ kind: "done" });
  expect(own.logic.actions).toHaveLength(1);
});

test("the gateway stops at once while a plugin is suspended", async () => {
  const own = await TestSite.open();
  const browser = await own.browser();
  using _suspension = own.exposed.suspend(plugin);
  browser.send({ t: "sub", id: 1, sel: canonical });
  browser.send({ t: "act", id: 1, act });
  await until("it waits", () => own.gateway.statistics().actions === 1);
  const began = performance.now();
  await own[Symbol.asyncDispose]();
  expect(performance.now() - began).toBeLessThan(1500);
});
