import { expect, it } from "vitest";
import { digestOf } from "@peek/live-protocol";
import { codeOf } from "@peek/kit/testing";
import { Counter, counters, historyOf, openClient, openService, valueOf } from "./clientHelpers.ts";
import type { ServedBrowser } from "./ScriptedService.ts";

const one = { id: 1, value: 10 };
const two = { id: 2, value: 20 };

/** Confirms the next subscription. @returns The client's number of it. */
async function agree(browser: ServedBrowser, c = 7): Promise<Awaited<ReturnType<typeof next>>> {
  const sub = await next(browser);
  browser.send({ t: "on", id: sub.id, c, key: ["id"] });
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

it("a subscription is loading, then live, and unchanged tuples stay the same objects", async () => {
  const { watch, browser, sub } = await watching();
  expect(sub).toEqual({ t: "sub", id: sub.id, sel: counters });
  expect(watch.getSnapshot()).toEqual({ tuples: [], status: "loading" });
  browser.send({ t: "s", c: 7, e: "a", o: 1, rows: [one, two] });
  const first = await valueOf(watch, ({ status }) => status === "live");
  expect(first.tuples).toEqual([one, two]);
  browser.send({ t: "d", c: 7, e: "a", f: 1, o: 2, u: [{ id: 2, value: 21 }], i: [[0, { id: 3, value: 30 }]] });
  const second = await valueOf(watch, (state) => state !== first);
  expect(second.tuples).toEqual([
    { id: 3, value: 30 },
    { id: 1, value: 10 },
    { id: 2, value: 21 },
  ]);
  expect(second.tuples[1]).toBe(first.tuples[0]);
  browser.send({ t: "d", c: 7, e: "a", f: 2, o: 3, r: ["1", "3"] });
  const third = await valueOf(watch, (state) => state !== second);
  expect(third.tuples).toEqual([{ id: 2, value: 21 }]);
  expect(third.tuples[0]).toBe(second.tuples[2]);
});

it("a channel that begins anew with another key shows its tuples as stale until the new ones come", async () => {
  const { watch, browser, sub } = await watching();
  browser.send({ t: "s", c: 7, e: "a", o: 1, rows: [one, two] });
  await valueOf(watch, ({ status }) => status === "live");
  const history = historyOf(watch);
  browser.send({ t: "stale", c: 7, age: 0, why: "The plugin is being updated." });
  await valueOf(watch, ({ status }) => status === "stale");
  const more = { id: 1, value: 30 };
  browser.send(
    { t: "on", id: sub.id, c: 7, key: ["value"] },
    { t: "s", c: 7, e: "b", o: 1, rows: [one, two, more] },
    { t: "d", c: 7, e: "b", f: 1, o: 2, r: ["10"] },
  );
  await valueOf(watch, ({ tuples }) => tuples[0]?.id === 2);
  expect(watch.getSnapshot()).toEqual({ status: "live", tuples: [two, more] });
  expect(history.every(({ tuples }) => tuples.length >= 2)).toBe(true);
});

it("a subscription resumes by position and digest, and an equal snapshot notifies nobody", async () => {
  const { service, watch, browser } = await watching();
  browser.send({ t: "s", c: 7, e: "a", o: 4, rows: [one, two] });
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
  back.send({ t: "s", c: 9, e: "b", o: 1, rows: [one, two] }, { t: "u", c: 9, e: "b", o: 1 });
  await valueOf(watch, ({ status }) => status === "live");
  expect(history.map(({ status }) => status)).toEqual(["stale", "live"]);
  for (const state of history) expect(state.tuples).toBe(before.tuples);
  // A delta from the epoch before to a new one.
  back.send({ t: "d", c: 9, e: "c", fe: "b", f: 1, o: 1, u: [{ id: 1, value: 11 }] });
  const after = await valueOf(watch, ({ tuples }) => tuples !== before.tuples);
  expect(after.tuples).toEqual([{ id: 1, value: 11 }, two]);
  expect(after.tuples[1]).toBe(before.tuples[1]);
});

it("a repeated delta is ignored, and after a gap the client subscribes again from its position", async () => {
  const { watch, browser, sub } = await watching();
  browser.send({ t: "s", c: 7, e: "a", o: 5, rows: [one] });
  browser.send({ t: "d", c: 7, e: "a", f: 3, o: 5, r: ["1"] });
  browser.send({ t: "d", c: 7, e: "a", f: 6, o: 7, r: ["1"] });
  expect(await browser.next("unsub")).toEqual({ t: "unsub", id: sub.id });
  const again = await agree(browser, 7);
  expect(again.id).not.toBe(sub.id);
  expect(again.at).toMatchObject({ epoch: "a", offset: 5 });
  browser.send({ t: "d", c: 7, e: "a", f: 5, o: 7, i: [[1, two]] });
  expect((await valueOf(watch, ({ tuples }) => tuples.length === 2)).tuples).toEqual([one, two]);
});

it("compressed frames are read in order with the others", async () => {
  const { watch, browser } = await watching();
  const many = Array.from({ length: 2000 }, (_, id) => ({ id, value: id }));
  browser.sendCompressed({ t: "s", c: 7, e: "a", o: 1, rows: many });
  browser.send({ t: "d", c: 7, e: "a", f: 1, o: 2, u: [{ id: 0, value: -1 }] });
  browser.sendCompressed({ t: "d", c: 7, e: "a", f: 2, o: 3, u: [{ id: 1, value: -1 }] });
  browser.send({ t: "d", c: 7, e: "a", f: 3, o: 4, u: [{ id: 2, value: -1 }] });
  const { tuples } = await valueOf(watch, (state) => state.tuples[2]?.value === -1);
  expect(tuples.slice(0, 4).map(({ value }) => value)).toEqual([-1, -1, -1, 3]);
  expect(browser.received.filter(({ t }) => t === "sub")).toHaveLength(1);
});

it("a tuple that does not fit its type refuses only its own subscription", async () => {
  const { client, watch, browser } = await watching();
  const other = client.subscribe(Counter, { only: 1 });
  await agree(browser, 8);
  browser.send({ t: "s", c: 7, e: "a", o: 1, rows: [{ id: 1, value: "ten" }] });
  browser.send({ t: "s", c: 8, e: "a", o: 1, rows: [one] });
  const refused = await valueOf(watch, ({ status }) => status === "refused");
  expect(refused.error?.code).toBe("DATA_INVALID");
  expect(refused.error?.message).toContain("peek_plugin_test.Counter");
  expect(refused.tuples).toEqual([]);
  expect((await valueOf(other, ({ status }) => status === "live")).tuples).toEqual([one]);
});

it("a forbidden subscription loses its tuples, and a failed one keeps them", async () => {
  const { service, client, watch, browser, sub } = await watching();
  const other = client.subscribe(Counter, { only: 1 });
  const { id } = await agree(browser, 8);
  browser.send({ t: "s", c: 7, e: "a", o: 1, rows: [one] }, { t: "s", c: 8, e: "a", o: 1, rows: [one] });
  await valueOf(other, ({ status }) => status === "live");
  browser.send({ t: "off", id: sub.id, code: "FORBIDDEN", msg: "Not yours" });
  browser.send({ t: "off", id, code: "OBSERVABLE_UNKNOWN", msg: "Not there" });
  const state = await valueOf(other, ({ error }) => error !== undefined);
  expect(state).toMatchObject({ status: "stale", tuples: [one], error: { code: "OBSERVABLE_UNKNOWN" } });
  expect(watch.getSnapshot()).toMatchObject({ status: "refused", tuples: [], error: { code: "FORBIDDEN" } });
  browser.cut();
  const back = await service.greeted();
  expect((await agree(back, 7)).at).toBeUndefined();
  back.send({ t: "s", c: 7, e: "a", o: 2, rows: [two] });
  const again = await valueOf(watch, ({ status }) => status === "live");
  expect(again).toEqual({ status: "live", tuples: [two] });
});

it("while the service does not reach logic, all subscriptions are stale, and become live one by one", async () => {
  const { client, watch, browser } = await watching();
  browser.send({ t: "s", c: 7, e: "a", o: 1, rows: [one] });
  await valueOf(watch, ({ status }) => status === "live");
  browser.send({ t: "up", on: false });
  await valueOf(watch, ({ status }) => status === "stale");
  expect(client.connection.getSnapshot().status).toBe("stale");
  browser.send({ t: "up", on: true });
  await valueOf(client.connection, ({ status }) => status === "live");
  expect(watch.getSnapshot().status).toBe("stale");
  browser.send({ t: "u", c: 7, e: "b", o: 1 });
  expect((await valueOf(watch, ({ status }) => status === "live")).tuples).toEqual([one]);
});

it("equal selectors share one subscription, which ends after the last of them is closed", async () => {
  const { client, watch, browser, sub } = await watching();
  const second = client.subscribe(Counter, {});
  browser.send({ t: "s", c: 7, e: "a", o: 1, rows: [one] });
  await valueOf(second, ({ status }) => status === "live");
  expect(watch.getSnapshot()).toBe(second.getSnapshot());
  watch.close();
  expect(second.getSnapshot().tuples).toEqual([one]);
  second.close();
  expect(await browser.next("unsub")).toEqual({ t: "unsub", id: sub.id });
  expect(browser.received.filter(({ t }) => t === "sub")).toHaveLength(1);
});

it("iterating a subscription yields the latest states, and ends when it is closed", async () => {
  const { watch, browser } = await watching();
  const states: string[] = [];
  for await (const { status, tuples } of watch) {
    states.push(`${status} ${tuples.map(({ value }) => value).join()}`);
    if (states.length === 1) {
      for (let o = 1; o <= 3; o += 1) browser.send({ t: "s", c: 7, e: "a", o, rows: [{ id: 1, value: o }] });
      await valueOf(watch, (state) => state.tuples[0]?.value === 3);
    } else watch.close();
  }
  expect(states).toEqual(["loading ", "live 3"]);
});

it("a closed client refuses all calls with CLIENT_CLOSED", async () => {
  const { client, browser } = await watching();
  client.close();
  await browser.closed;
  expect(client.connection.getSnapshot().status).toBe("closed");
  expect(await codeOf(() => client.subscribe(Counter))).toBe("CLIENT_CLOSED");
});

it("stateOf() returns the state of an existing subscription", async () => {
  const { client, watch, browser } = await watching();
  browser.send({ t: "s", c: 7, e: "a", o: 1, rows: [one] });
  const state = await valueOf(watch, ({ status }) => status === "live");
  expect(client.stateOf(Counter)).toBe(state);
  expect(client.stateOf(Counter, { only: 1 })).toEqual({ status: "loading", tuples: [] });
  expect(browser.received.filter(({ t }) => t === "sub")).toHaveLength(1);
});
