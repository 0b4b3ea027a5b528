import { expect, it } from "vitest";
import { digestOf } from "@peek/live-protocol";
import { codeOf } from "@peek/kit/testing";
import { Counter, counters, historyOf, openClient, openService, valueOf } from "./clientHelpers.ts";
import type { ServedBrowser } from "./ScriptedService.ts";

const one = { id: 1, value: 10 };
const two = { id: 2, value: 20 };

/** Agrees to the next subscription. @returns Its number for the browser. */
async function agree(browser: ServedBrowser, c = 7): Promise<Awaited<ReturnType<typeof next>>> {
  const sub = await next(browser);
  browser.say({ t: "on", id: sub.id, c, key: ["id"] });
  return sub;
}

const next = (browser: ServedBrowser) => browser.next("sub");

async function watching() {
  const service = await openService();
  const client = openClient({ url: service.url, storage: "memory" });
  const watch = client.subscribe(Counter);
  const browser = await service.greeted();
  const sub = await agree(browser);
  return { service, client, watch, browser, sub };
}

it("what is watched is loading, then live, and each change is told with the same objects for what did not change", async () => {
  const { watch, browser, sub } = await watching();
  expect(sub).toEqual({ t: "sub", id: sub.id, sel: counters });
  expect(watch.getSnapshot()).toEqual({ tuples: [], status: "loading" });
  browser.say({ t: "s", c: 7, e: "a", o: 1, rows: [one, two] });
  const first = await valueOf(watch, ({ status }) => status === "live");
  expect(first.tuples).toEqual([one, two]);
  browser.say({ t: "d", c: 7, e: "a", f: 1, o: 2, u: [{ id: 2, value: 21 }], i: [[0, { id: 3, value: 30 }]] });
  const second = await valueOf(watch, (state) => state !== first);
  expect(second.tuples).toEqual([
    { id: 3, value: 30 },
    { id: 1, value: 10 },
    { id: 2, value: 21 },
  ]);
  expect(second.tuples[1]).toBe(first.tuples[0]);
  browser.say({ t: "d", c: 7, e: "a", f: 2, o: 3, r: ["1", "3"] });
  const third = await valueOf(watch, (state) => state !== second);
  expect(third.tuples).toEqual([{ id: 2, value: 21 }]);
  expect(third.tuples[0]).toBe(second.tuples[2]);
});

it("after a cut it resumes by position and digest; a snapshot that changes nothing is no news", async () => {
  const { service, watch, browser } = await watching();
  browser.say({ t: "s", c: 7, e: "a", o: 4, rows: [one, two] });
  const before = await valueOf(watch, ({ status }) => status === "live");
  const history = historyOf(watch);
  browser.cut();
  const back = await service.greeted();
  const { at } = await agree(back, 9);
  expect(at).toEqual({
    epoch: "a",
    offset: 4,
    digest: digestOf([JSON.stringify(one), JSON.stringify(two)]),
  });
  back.say({ t: "s", c: 9, e: "b", o: 1, rows: [one, two] }, { t: "u", c: 9, e: "b", o: 1 });
  await valueOf(watch, ({ status }) => status === "live");
  expect(history.map(({ status }) => status)).toEqual(["stale", "live"]);
  for (const state of history) expect(state.tuples).toBe(before.tuples);
  // A delta from the epoch before, to another.
  back.say({ t: "d", c: 9, e: "c", fe: "b", f: 1, o: 1, u: [{ id: 1, value: 11 }] });
  const after = await valueOf(watch, ({ tuples }) => tuples !== before.tuples);
  expect(after.tuples).toEqual([{ id: 1, value: 11 }, two]);
  expect(after.tuples[1]).toBe(before.tuples[1]);
});

it("a delta that it has already is ignored; after a gap it subscribes again from where it is", async () => {
  const { watch, browser, sub } = await watching();
  browser.say({ t: "s", c: 7, e: "a", o: 5, rows: [one] });
  browser.say({ t: "d", c: 7, e: "a", f: 3, o: 5, r: ["1"] });
  browser.say({ t: "d", c: 7, e: "a", f: 6, o: 7, r: ["1"] });
  expect(await browser.next("unsub")).toEqual({ t: "unsub", id: sub.id });
  const again = await agree(browser, 7);
  expect(again.id).not.toBe(sub.id);
  expect(again.at).toMatchObject({ epoch: "a", offset: 5 });
  browser.say({ t: "d", c: 7, e: "a", f: 5, o: 7, i: [[1, two]] });
  expect((await valueOf(watch, ({ tuples }) => tuples.length === 2)).tuples).toEqual([one, two]);
});

it("compressed frames are taken in their order among others", async () => {
  const { watch, browser } = await watching();
  const many = Array.from({ length: 2000 }, (_, id) => ({ id, value: id }));
  browser.sayPacked({ t: "s", c: 7, e: "a", o: 1, rows: many });
  browser.say({ t: "d", c: 7, e: "a", f: 1, o: 2, u: [{ id: 0, value: -1 }] });
  browser.sayPacked({ t: "d", c: 7, e: "a", f: 2, o: 3, u: [{ id: 1, value: -1 }] });
  browser.say({ t: "d", c: 7, e: "a", f: 3, o: 4, u: [{ id: 2, value: -1 }] });
  const { tuples } = await valueOf(watch, (state) => state.tuples[2]?.value === -1);
  expect(tuples.slice(0, 4).map(({ value }) => value)).toEqual([-1, -1, -1, 3]);
  expect(browser.heard.filter(({ t }) => t === "sub")).toHaveLength(1);
});

it("a tuple that does not fit its type refuses that subscription alone", async () => {
  const { client, watch, browser } = await watching();
  const other = client.subscribe(Counter, { only: 1 });
  await agree(browser, 8);
  browser.say({ t: "s", c: 7, e: "a", o: 1, rows: [{ id: 1, value: "ten" }] });
  browser.say({ t: "s", c: 8, e: "a", o: 1, rows: [one] });
  const refused = await valueOf(watch, ({ status }) => status === "refused");
  expect(refused.error?.code).toBe("DATA_INVALID");
  expect(refused.error?.message).toContain("peek_plugin_test.Counter");
  expect(refused.tuples).toEqual([]);
  expect((await valueOf(other, ({ status }) => status === "live")).tuples).toEqual([one]);
});

it("what is forbidden is refused, and nothing of it is shown any more; what fails for now keeps what it has", async () => {
  const { service, client, watch, browser, sub } = await watching();
  const other = client.subscribe(Counter, { only: 1 });
  const { id } = await agree(browser, 8);
  browser.say({ t: "s", c: 7, e: "a", o: 1, rows: [one] }, { t: "s", c: 8, e: "a", o: 1, rows: [one] });
  await valueOf(other, ({ status }) => status === "live");
  browser.say({ t: "off", id: sub.id, code: "FORBIDDEN", msg: "Not yours" });
  browser.say({ t: "off", id, code: "OBSERVABLE_UNKNOWN", msg: "Not there" });
  const state = await valueOf(other, ({ error }) => error !== undefined);
  expect(state).toMatchObject({ status: "stale", tuples: [one], error: { code: "OBSERVABLE_UNKNOWN" } });
  expect(watch.getSnapshot()).toMatchObject({ status: "refused", tuples: [], error: { code: "FORBIDDEN" } });
  browser.cut();
  const back = await service.greeted();
  expect((await agree(back, 7)).at).toBeUndefined();
  back.say({ t: "s", c: 7, e: "a", o: 2, rows: [two] });
  const again = await valueOf(watch, ({ status }) => status === "live");
  expect(again).toEqual({ status: "live", tuples: [two] });
});

it("while the service does not reach logic, all is stale, and live again one by one", async () => {
  const { client, watch, browser } = await watching();
  browser.say({ t: "s", c: 7, e: "a", o: 1, rows: [one] });
  await valueOf(watch, ({ status }) => status === "live");
  browser.say({ t: "up", on: false });
  await valueOf(watch, ({ status }) => status === "stale");
  expect(client.connection.getSnapshot().status).toBe("stale");
  browser.say({ t: "up", on: true });
  await valueOf(client.connection, ({ status }) => status === "live");
  expect(watch.getSnapshot().status).toBe("stale");
  browser.say({ t: "u", c: 7, e: "b", o: 1 });
  expect((await valueOf(watch, ({ status }) => status === "live")).tuples).toEqual([one]);
});

it("equal selectors are one subscription, which ends after the last has left", async () => {
  const { client, watch, browser, sub } = await watching();
  const second = client.subscribe(Counter, {});
  browser.say({ t: "s", c: 7, e: "a", o: 1, rows: [one] });
  await valueOf(second, ({ status }) => status === "live");
  expect(watch.getSnapshot()).toBe(second.getSnapshot());
  watch.close();
  expect(second.getSnapshot().tuples).toEqual([one]);
  second.close();
  expect(await browser.next("unsub")).toEqual({ t: "unsub", id: sub.id });
  expect(browser.heard.filter(({ t }) => t === "sub")).toHaveLength(1);
});

it("iterating gives the latest, and ends when it is closed", async () => {
  const { watch, browser } = await watching();
  const states: string[] = [];
  for await (const { status, tuples } of watch) {
    states.push(`${status} ${tuples.map(({ value }) => value).join()}`);
    if (states.length === 1) {
      for (let o = 1; o <= 3; o += 1) browser.say({ t: "s", c: 7, e: "a", o, rows: [{ id: 1, value: o }] });
      await valueOf(watch, (state) => state.tuples[0]?.value === 3);
    } else watch.close();
  }
  expect(states).toEqual(["loading ", "live 3"]);
});

it("a client that is closed refuses all", async () => {
  const { client, browser } = await watching();
  client.close();
  await browser.closed;
  expect(client.connection.getSnapshot().status).toBe("closed");
  expect(await codeOf(() => client.subscribe(Counter))).toBe("CLIENT_CLOSED");
});

it("what is watched already can be looked at without watching", async () => {
  const { client, watch, browser } = await watching();
  browser.say({ t: "s", c: 7, e: "a", o: 1, rows: [one] });
  const state = await valueOf(watch, ({ status }) => status === "live");
  expect(client.stateOf(Counter)).toBe(state);
  expect(client.stateOf(Counter, { only: 1 })).toEqual({ status: "loading", tuples: [] });
  expect(browser.heard.filter(({ t }) => t === "sub")).toHaveLength(1);
});
