import { expect, it, onTestFinished, vi } from "vitest";
import type { ActionOutcomeMessage } from "@peek/live-protocol";
import { Add, Counter, counters, historyOf, openClient, openService, speedUpTime, valueOf } from "./clientHelpers.ts";

async function watching() {
  const service = await openService();
  const client = openClient({ url: service.url, storage: "memory" });
  const watch = client.subscribe(Counter);
  client.expect(Add, Counter, (tuples, { id, by }) =>
    tuples.map((tuple) => (tuple.id === id ? { ...tuple, value: tuple.value + by } : tuple)),
  );
  const browser = await service.greeted();
  const { id } = await browser.next("sub");
  browser.send(
    { t: "on", id, c: 1, key: ["id"] },
    {
      t: "s",
      c: 1,
      e: "a",
      o: 1,
      rows: [
        { id: 1, value: 10 },
        { id: 2, value: 20 },
      ],
    },
  );
  await valueOf(watch, ({ status }) => status === "live");
  const values = () => watch.getSnapshot().tuples.map(({ value }) => value);
  return { service, client, watch, browser, values };
}

it("an optimistic update is shown at once and until the channel shows the effect, without flicker", async () => {
  const { client, watch, browser, values } = await watching();
  const history = historyOf(watch);
  const pushed = await client.push(Add, { id: 1, by: 5 });
  expect(values()).toEqual([15, 20]);
  const shown = watch.getSnapshot().tuples;
  const { id, act } = await browser.next("act");
  expect(act.watch).toEqual([counters]);
  browser.send({ t: "res", id, out: { kind: "done", result: "15", at: [{ epoch: "a", offset: 3 }] } });
  await pushed.result;
  expect(client.pending.getSnapshot()).toEqual([]);
  expect(values()).toEqual([15, 20]);
  // Another change comes first, then the effect of the action.
  browser.send({ t: "d", c: 1, e: "a", f: 1, o: 2, u: [{ id: 2, value: 21 }] });
  browser.send({ t: "d", c: 1, e: "a", f: 2, o: 3, u: [{ id: 1, value: 15 }] });
  browser.send({ t: "d", c: 1, e: "a", f: 3, o: 4, u: [{ id: 2, value: 22 }] });
  await valueOf(watch, ({ tuples }) => tuples[1]?.value === 22);
  expect(history.map(({ tuples }) => tuples.map(({ value }) => value))).toEqual([
    [15, 20],
    [15, 21],
    [15, 22],
  ]);
  expect(watch.getSnapshot().tuples[0]).toBe(shown[0]);
});

const endings: readonly [string, ActionOutcomeMessage, readonly number[]][] = [
  ["is rejected ends", { kind: "rejected", code: "ACTION_REJECTED", msg: "No", at: [] }, [10, 20]],
  ["is executed without subscribers ends", { kind: "done", result: "15", at: [null] }, [10, 20]],
  ["is executed and shown already ends", { kind: "done", result: "15", at: [{ epoch: "a", offset: 1 }] }, [10, 20]],
  ["is executed and not shown yet stays", { kind: "done", result: "15", at: [{ epoch: "b", offset: 9 }] }, [15, 20]],
];

it.each(endings)("the optimistic update of an action that %s", async (_, out, expected) => {
  const { client, browser, values } = await watching();
  const pushed = await client.push(Add, { id: 1, by: 5 });
  const { id } = await browser.next("act");
  browser.send({ t: "res", id, out });
  await pushed.result.catch(() => undefined);
  expect(values()).toEqual(expected);
});

it("an optimistic update ends with the first message after a restart of logic", async () => {
  const { client, watch, browser, values } = await watching();
  const pushed = await client.push(Add, { id: 1, by: 5 });
  const { id } = await browser.next("act");
  browser.send({ t: "res", id, out: { kind: "done", result: "15", at: [{ epoch: "a", offset: 9 }] } });
  await pushed.result;
  browser.send({ t: "d", c: 1, e: "b", fe: "a", f: 1, o: 1, u: [{ id: 1, value: 15 }] });
  browser.send({ t: "d", c: 1, e: "b", f: 1, o: 2, u: [{ id: 2, value: 0 }] });
  await valueOf(watch, ({ tuples }) => tuples[1]?.value === 0);
  expect(values()).toEqual([15, 0]);
});

it("an optimistic update that throws is skipped, and others are applied", async () => {
  const { client, values } = await watching();
  const end = client.expect(Add, Counter, () => {
    throw new Error("of the page");
  });
  await client.push(Add, { id: 2, by: 1 });
  expect(values()).toEqual([10, 21]);
  end();
  expect(values()).toEqual([10, 21]);
});

it("on a new connection, an action waits for the subscriptions that it affects, and so stays visible", async () => {
  const { service, client, watch, browser, values } = await watching();
  browser.cut();
  await valueOf(client.connection, ({ status }) => status === "offline");
  const pushed = await client.push(Add, { id: 1, by: 5 });
  const history = historyOf(watch);
  const back = await service.greeted();
  const { id } = await back.next("sub");
  back.send({ t: "on", id, c: 3, key: ["id"] });
  const { id: attempt, act } = await back.next("act");
  expect(act.watch).toEqual([counters]);
  back.send({ t: "res", id: attempt, out: { kind: "done", result: "15", at: [{ epoch: "a", offset: 2 }] } });
  await pushed.result;
  back.send({ t: "d", c: 3, e: "a", f: 1, o: 2, u: [{ id: 1, value: 15 }] });
  await valueOf(watch, ({ status }) => status === "live");
  expect(values()).toEqual([15, 20]);
  expect(new Set(history.map(({ tuples }) => tuples[0]?.value))).toEqual(new Set([15]));
});

it("an action is sent after two seconds although a subscription that it affects is not confirmed", async () => {
  speedUpTime();
  const { service, client, browser } = await watching();
  await client.push(Add, { id: 1, by: 5 });
  browser.cut();
  const back = await service.greeted();
  expect((await back.next("act")).act.watch).toEqual([]);
});

it("an action executed before a restart of logic is not applied to later tuples", async () => {
  const { client, browser, values, watch } = await watching();
  const pushed = await client.push(Add, { id: 1, by: 5 });
  const { id } = await browser.next("act");
  browser.send({ t: "d", c: 1, e: "b", fe: "a", f: 1, o: 1, u: [{ id: 1, value: 15 }] });
  await valueOf(watch, ({ tuples }) => tuples[0]?.value === 20);
  browser.send({ t: "res", id, out: { kind: "done", result: "15", at: [{ epoch: "a", offset: 9 }] } });
  await pushed.result;
  expect(values()).toEqual([15, 20]);
});

it("the update of an executed action stays visible as long as the service is away", async () => {
  const { client, browser, values, service } = await watching();
  const pushed = await client.push(Add, { id: 1, by: 5 });
  const { id } = await browser.next("act");
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
  onTestFinished(() => void vi.useRealTimers());
  browser.send({ t: "res", id, out: { kind: "done", result: "15", at: [{ epoch: "a", offset: 3 }] } });
  await pushed.result;
  browser.cut();
  await service[Symbol.asyncDispose]();
  await valueOf(client.connection, ({ status }) => status === "offline");
  await vi.advanceTimersByTimeAsync(100_000);
  expect(values()).toEqual([15, 20]);
});

it("the update of an executed action ends after a minute if a live channel never shows the effect", async () => {
  const { client, browser, values } = await watching();
  const pushed = await client.push(Add, { id: 1, by: 5 });
  const { id } = await browser.next("act");
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
  onTestFinished(() => void vi.useRealTimers());
  browser.send({ t: "res", id, out: { kind: "done", result: "15", at: [{ epoch: "a", offset: 3 }] } });
  await pushed.result;
  expect(values()).toEqual([15, 20]);
  await vi.advanceTimersByTimeAsync(61_000);
  expect(values()).toEqual([10, 20]);
});

it("pushing an action after many others takes no longer than pushing the first", async () => {
  const { client, values, browser } = await watching();
  let calls = 0;
  client.expect(Add, Counter, (tuples) => {
    calls += 1;
    return tuples;
  });
  const count = 300;
  const pushed = await Promise.all(Array.from({ length: count }, () => client.push(Add, { id: 1, by: 1 })));
  await Promise.resolve();
  expect(values()[0]).toBe(10 + count);
  expect(calls).toBeLessThan(2 * count);
  calls = 0;
  for (let answered = 0; answered < count; answered += 1) {
    const { id } = await browser.next("act");
    browser.send({ t: "res", id, out: { kind: "done", result: "1", at: [null] } });
  }
  await Promise.all(pushed.map(({ result }) => result));
  expect(values()[0]).toBe(10);
  expect(calls).toBeLessThan((count * count) / 8);
});
