// oxlint-disable-next-line import/no-unassigned-import -- it adds the globals of a browser to Node
import "fake-indexeddb/auto";
import { defineAction } from "@peek/plugin-base/contracts";
import { IDBObjectStore } from "fake-indexeddb";
import { expect, it, onTestFinished, vi } from "vitest";
import { z } from "zod";
import { userHash } from "../src/storage/userHash.ts";
import { codeOf } from "@peek/kit/testing";
import { Add, freshName, historyOf, openClient, openService, Page, speedUpTime, valueOf } from "./clientHelpers.ts";
import type { ServedBrowser } from "./ScriptedService.ts";

interface PuttingStore {
  readonly name: string;
  put(this: PuttingStore, value: object, ...more: unknown[]): unknown;
}

const done = (result = 1) => ({ kind: "done", result: String(result), at: [] }) as const;

/** Answers the next actions. @returns Their numbers in the lane. */
async function take(browser: ServedBrowser, count: number) {
  const acts = [];
  while (acts.length < count) acts.push(await browser.next("act"));
  return acts;
}

const seqs = (acts: Awaited<ReturnType<typeof take>>) => acts.map(({ act }) => act.seq);

it("push() stores an action, sends it with its place in the queue, and resolves with the handler's result", async () => {
  const service = await openService();
  const client = openClient({ url: service.url });
  const pushed = await client.push(Add, { id: 1, by: 2 });
  expect(pushed.durable).toBe(true);
  expect(client.pending.getSnapshot()).toMatchObject([
    { id: pushed.id, type: Add.name, action: { id: 1, by: 2 }, lane: "peek_plugin_test", status: "queued" },
  ]);
  const browser = await service.greeted();
  const { id, act } = await browser.next("act");
  expect(act).toMatchObject({
    type: Add.name,
    body: '{"id":1,"by":2}',
    lane: "peek_plugin_test",
    seq: 1,
    after: 0,
    acked: 0,
  });
  await valueOf(client.pending, ([action]) => action?.status === "sent");
  browser.send({ t: "res", id, out: done(12) });
  expect(await pushed.result).toBe(12);
  expect(client.pending.getSnapshot()).toEqual([]);
  await client.push(Add, { id: 1, by: 2 });
  expect((await browser.next("act")).act).toMatchObject({ client: act.client, seq: 2, after: 0, acked: 1 });
});

it("push() refuses an action that does not fit its type or is too large", async () => {
  const service = await openService();
  const client = openClient({ url: service.url });
  expect(await codeOf(client.push(Add, { id: 0.5, by: 1 }))).toBe("DATA_INVALID");
  for (const lane of ["", "Pizza \ud83c", "a\0"])
    expect(await codeOf(client.push(Add, { id: 1, by: 1 }, { lane }))).toBe("DATA_INVALID");
  client.close();
  expect(await codeOf(client.push(Add, { id: 1, by: 1 }))).toBe("CLIENT_CLOSED");
});

it("at most sixteen actions of a lane are unanswered at a time, and other lanes do not wait for them", async () => {
  const service = await openService();
  const client = openClient({ url: service.url });
  for (let by = 1; by <= 20; by += 1) await client.push(Add, { id: 1, by });
  const browser = await service.greeted();
  const first = await take(browser, 16);
  expect(seqs(first)).toEqual(Array.from({ length: 16 }, (_, index) => index + 1));
  expect(first.map(({ act }) => act.after)).toEqual(Array.from({ length: 16 }, (_, index) => index));
  await client.push(Add, { id: 1, by: 0 }, { lane: "other" });
  expect((await browser.next("act")).act).toMatchObject({ lane: "other", seq: 1, after: 0 });
  browser.send({ t: "res", id: first[0]?.id ?? 0, out: done() });
  expect((await browser.next("act")).act).toMatchObject({ seq: 17, after: 16, acked: 1 });
});

it("unanswered actions are sent again on the next connection, unchanged and in order", async () => {
  const service = await openService();
  const client = openClient({ url: service.url });
  const browser = await service.greeted();
  const pushed = [];
  for (let by = 1; by <= 3; by += 1) pushed.push(await client.push(Add, { id: 1, by }));
  const before = await take(browser, 3);
  browser.send({ t: "res", id: before[0]?.id ?? 0, out: done(1) });
  await pushed[0]?.result;
  browser.cut();
  const back = await service.greeted();
  const again = await take(back, 2);
  expect(again.map(({ act }) => [act.client, act.seq, act.body])).toEqual(
    before.slice(1).map(({ act }) => [act.client, act.seq, act.body]),
  );
  expect(again[0]?.act).toMatchObject({ after: 0, acked: 1 });
  for (const { id } of again) back.send({ t: "res", id, out: done(id) });
  await Promise.all(pushed.map(({ result }) => result));
  expect(client.pending.getSnapshot()).toEqual([]);
});

it("after `retry` and `early`, a lane is sent again from its first unanswered action", async () => {
  const service = await openService();
  const client = openClient({ url: service.url });
  const browser = await service.greeted();
  for (let by = 1; by <= 3; by += 1) await client.push(Add, { id: 1, by });
  const [first, second, third] = await take(browser, 3);
  browser.send({ t: "res", id: first?.id ?? 0, out: { kind: "retry", code: "X", msg: "Later", afterMs: 30 } });
  browser.send({ t: "res", id: second?.id ?? 0, out: { kind: "early", last: 0 } });
  browser.send({ t: "res", id: third?.id ?? 0, out: { kind: "early", last: 0 } });
  const order = [];
  for (let count = 0; count < 3; count += 1) {
    const { id, act } = await browser.next("act");
    order.push(act.seq);
    browser.send({ t: "res", id, out: done() });
  }
  expect(order).toEqual([1, 2, 3]);
  await valueOf(client.pending, (pending) => pending.length === 0);
});

it("a rejected action stays pending until it is dismissed, and does not block its lane", async () => {
  const service = await openService();
  const name = freshName();
  const client = openClient({ url: service.url, name });
  const browser = await service.greeted();
  const bad = await client.push(Add, { id: 1, by: 1 });
  const good = await client.push(Add, { id: 1, by: 2 });
  const [first, second] = await take(browser, 2);
  browser.send({
    t: "res",
    id: first?.id ?? 0,
    out: { kind: "rejected", code: "ACTION_REJECTED", msg: "Locked", at: [] },
  });
  browser.send({ t: "res", id: second?.id ?? 0, out: done(3) });
  expect(await codeOf(bad.result)).toBe("ACTION_REJECTED");
  expect(await good.result).toBe(3);
  const [rejected] = client.pending.getSnapshot();
  expect(rejected).toMatchObject({
    id: bad.id,
    status: "rejected",
    error: { code: "ACTION_REJECTED", message: "Locked" },
  });
  client.close();
  const next = openClient({ url: service.url, name });
  await valueOf(next.pending, ([action]) => action?.status === "rejected");
  await next.dismiss(bad.id);
  expect(next.pending.getSnapshot()).toEqual([]);
});

it("actions pushed offline survive the page, and are executed once", async () => {
  const service = await openService();
  const name = freshName();
  const first = openClient({ url: service.url, name });
  const early = await first.push(Add, { id: 1, by: 1 });
  await first.push(Add, { id: 1, by: 2 });
  first.close();
  expect(await codeOf(early.result)).toBe("CLIENT_CLOSED");
  (await service.browser()).cut();
  const second = openClient({ url: service.url, name });
  await valueOf(second.pending, ({ length }) => length === 2);
  const browser = await service.greeted();
  const acts = await take(browser, 2);
  expect(acts.map(({ act }) => act.body)).toEqual(['{"id":1,"by":1}', '{"id":1,"by":2}']);
  for (const { id } of acts) browser.send({ t: "res", id, out: done() });
  await valueOf(second.pending, ({ length }) => length === 0);
  second.close();
  const third = openClient({ url: service.url, name });
  const last = await service.greeted();
  await third.push(Add, { id: 1, by: 3 });
  expect((await last.next("act")).act).toMatchObject({ seq: 3, after: 0, acked: 2, client: acts[0]?.act.client });
});

it("one of two tabs sends, both show the pending actions, and the tab that pushed gets the result", async () => {
  const service = await openService();
  const name = freshName();
  const one = openClient({ url: service.url, name });
  const sender = await service.greeted();
  await one.push(Add, { id: 1, by: 1 });
  await sender.next("act");
  const two = openClient({ url: service.url, name });
  const other = await service.greeted();
  const pushed = await two.push(Add, { id: 1, by: 2 });
  await valueOf(one.pending, ({ length }) => length === 2);
  await valueOf(two.pending, (pending) => pending.every(({ status }) => status === "sent"));
  const { id, act } = await sender.next("act");
  expect(act).toMatchObject({ seq: 2, after: 1 });
  sender.send({ t: "res", id, out: done(22) });
  expect(await pushed.result).toBe(22);
  expect(other.received.filter(({ t }) => t === "act")).toEqual([]);
  // The leader is closed: the other tab takes over.
  one.close();
  expect((await other.next("act")).act).toMatchObject({ seq: 1, body: '{"id":1,"by":1}' });
});

it("a tab that loses its connection leaves the sending to another tab", async () => {
  const service = await openService();
  const name = freshName();
  const one = openClient({ url: service.url, name });
  const sender = await service.greeted();
  const pushed = await one.push(Add, { id: 1, by: 1 });
  await sender.next("act");
  const two = openClient({ url: service.url, name });
  const other = await service.greeted();
  await valueOf(two.pending, ({ length }) => length === 1);
  sender.cut();
  const { id } = await other.next("act");
  other.send({ t: "res", id, out: done(5) });
  expect(await pushed.result).toBe(5);
});

it("actions of another user stay on the device, hidden and unsent, until that user logs in again", async () => {
  const service = await openService();
  const name = freshName();
  const ada = openClient({ url: service.url, name });
  const first = await service.greeted("ada");
  await ada.push(Add, { id: 1, by: 1 });
  const { act } = await first.next("act");
  first.cut();
  ada.close();
  const bob = openClient({ url: service.url, name });
  const second = await service.greeted("bob");
  await valueOf(bob.connection, ({ user }) => user?.id === "bob");
  await bob.push(Add, { id: 1, by: 2 });
  const bobs = await second.next("act");
  expect(bobs.act.body).toBe('{"id":1,"by":2}');
  expect(bobs.act.client).not.toBe(act.client);
  expect(bob.pending.getSnapshot()).toMatchObject([{ action: { by: 2 } }]);
  bob.close();
  openClient({ url: service.url, name });
  const third = await service.greeted("ada");
  expect((await third.next("act")).act).toEqual({ ...act, acked: 0, contract: "" });
});

it("an action pushed before the user is known belongs to the user that the service names", async () => {
  const service = await openService();
  const name = freshName();
  const ada = openClient({ url: service.url, name });
  await service.greeted("ada");
  await valueOf(ada.connection, ({ user }) => user?.id === "ada");
  await ada.push(Add, { id: 1, by: 1 });
  ada.close();
  const bob = openClient({ url: service.url, name });
  await valueOf(bob.connection, ({ user }) => user?.id === "ada");
  await bob.push(Add, { id: 1, by: 2 });
  const browser = await service.greeted("bob");
  expect((await browser.next("act")).act).toMatchObject({ body: '{"id":1,"by":2}', seq: 1 });
  await valueOf(bob.pending, ({ length }) => length === 1);
});

it("without a database, actions are stored in memory, and push() reports that they are not durable", async () => {
  const service = await openService();
  const client = openClient({ url: service.url, storage: "memory" });
  const history = historyOf(client.pending);
  const pushed = await client.push(Add, { id: 1, by: 1 });
  expect(pushed.durable).toBe(false);
  expect(client.connection.getSnapshot().device).toBe("memory");
  const browser = await service.greeted();
  const { id } = await browser.next("act");
  browser.send({ t: "res", id, out: done(4) });
  expect(await pushed.result).toBe(4);
  expect(history.map((pending) => pending[0]?.status)).toEqual(["queued", "sent", undefined]);
});

it("an outcome that the service has forgotten rejects the result, and the action is no longer pending", async () => {
  const service = await openService();
  const client = openClient({ url: service.url });
  const browser = await service.greeted();
  const pushed = await client.push(Add, { id: 1, by: 1 });
  const { id } = await browser.next("act");
  browser.send({ t: "res", id, out: { kind: "rejected", code: "ACTION_FORGOTTEN", msg: "Long ago", at: [] } });
  expect(await codeOf(pushed.result)).toBe("ACTION_FORGOTTEN");
  expect(client.pending.getSnapshot()).toEqual([]);
});

it("without Web Locks, as without TLS, one tab sends at a time, and another one after it is closed", async () => {
  speedUpTime();
  vi.stubGlobal("navigator", {});
  onTestFinished(() => void vi.unstubAllGlobals());
  const service = await openService();
  const name = freshName();
  const one = openClient({ url: service.url, name });
  const sender = await service.greeted();
  await one.push(Add, { id: 1, by: 1 });
  await sender.next("act");
  const two = openClient({ url: service.url, name });
  const other = await service.greeted();
  await two.push(Add, { id: 1, by: 2 });
  expect((await sender.next("act")).act).toMatchObject({ seq: 2, after: 1 });
  expect(other.received.filter(({ t }) => t === "act")).toEqual([]);
  one.close();
  expect(seqs(await take(other, 2))).toEqual([1, 2]);
});

it("actions pushed while the service accepts the connection keep their order with earlier and later ones", async () => {
  const service = await openService();
  const client = openClient({ url: service.url });
  const browser = await service.browser();
  await valueOf(client.connection, ({ device }) => device === "device");
  let by = 0;
  const push = (): void => void client.push(Add, { id: 1, by: (by += 1) });
  for (let count = 0; count < 10; count += 1) push();
  const end = client.connection.subscribe(push);
  browser.greet();
  await valueOf(client.connection, ({ status }) => status === "live");
  end();
  for (let count = 0; count < 5; count += 1) push();
  const bodies = [];
  while (bodies.length < by) {
    const { id, act } = await browser.next("act");
    bodies.push(act.body);
    browser.send({ t: "res", id, out: done() });
  }
  expect(by).toBe(16);
  expect(bodies).toEqual(Array.from({ length: by }, (_, index) => JSON.stringify({ id: 1, by: index + 1 })));
});

it("an unreadable action is shown as rejected, and does not block its lane", async () => {
  const service = await openService();
  const name = freshName();
  const first = openClient({ url: service.url, name });
  await service.greeted("ada");
  await valueOf(first.connection, ({ status }) => status === "live");
  const stores: PuttingStore = IDBObjectStore.prototype;
  // oxlint-disable-next-line typescript/unbound-method -- it is called with its object
  const { put } = stores;
  const spy = vi.spyOn(stores, "put").mockImplementation(function (this: PuttingStore, value: object, ...more) {
    return put.call(this, this.name === "actions" ? { ...value, body: '{"$newer":1}' } : value, ...more);
  });
  await first.push(Add, { id: 1, by: 1 });
  spy.mockRestore();
  first.close();
  const client = openClient({ url: service.url, name });
  const browser = await service.greeted("ada");
  const { id } = await client.push(Add, { id: 1, by: 7 });
  expect((await browser.next("act")).act).toMatchObject({ body: '{"id":1,"by":7}', seq: 2, after: 0 });
  const [bad, good] = await valueOf(client.pending, ({ length }) => length === 2);
  expect(bad).toMatchObject({ status: "rejected", error: { code: "DATA_INVALID" } });
  expect(good).toMatchObject({ id, status: "sent" });
  await client.dismiss(bad?.id ?? "");
  expect(client.pending.getSnapshot()).toHaveLength(1);
});

it("a delayed action shows the service's reason, and an action that was never sent can be dismissed", async () => {
  const service = await openService();
  const name = freshName();
  const client = openClient({ url: service.url, name });
  const before = await client.push(Add, { id: 1, by: 1 });
  const taken = await client.push(Add, { id: 1, by: 2 });
  await client.dismiss(taken.id);
  expect(await codeOf(taken.result)).toBe("ACTION_REJECTED");
  const browser = await service.greeted();
  const { id, act } = await browser.next("act");
  expect(act.body).toBe('{"id":1,"by":1}');
  await valueOf(client.pending, ([action]) => action?.status === "sent");
  browser.send({ t: "res", id, out: { kind: "retry", code: "ACTION_UNKNOWN", msg: "Not here", afterMs: 60_000 } });
  const [waiting] = await valueOf(client.pending, ([action]) => action?.error !== undefined);
  expect(waiting).toMatchObject({ status: "queued", error: { code: "ACTION_UNKNOWN", message: "Not here" } });
  // The service may have executed it.
  await client.dismiss(before.id);
  expect(client.pending.getSnapshot()).toHaveLength(1);
  client.close();
  const next = openClient({ url: service.url, name });
  expect(await valueOf(next.pending, ({ length }) => length > 0)).toHaveLength(1);
});

it("an action that is too large once encoded is refused, and one that the service finds too large is rejected", async () => {
  const service = await openService();
  const Note = defineAction("peek_plugin_test.Note", { text: z.string() });
  const client = openClient({ url: service.url });
  expect(await codeOf(client.push(Note, { text: "泵".repeat(100_000) }))).toBe("DATA_INVALID");
  expect(await codeOf(client.push(Note, { text: "Pizza \ud83c" }))).toBe("DATA_INVALID");
  expect(await codeOf(client.push(Note, { text: "a\0" }))).toBe("DATA_INVALID");
  expect(await codeOf(client.push(Note, { text: '"'.repeat(100_000) }))).toBe("DATA_INVALID");
  const small = await client.push(Add, { id: 1, by: 1 });
  const large = await client.push(Note, { text: "x".repeat(100_000) });
  const browser = await service.greeted();
  await take(browser, 2);
  browser.close(1009);
  expect(await codeOf(large.result)).toBe("DATA_INVALID");
  const back = await service.greeted();
  const { id } = await back.next("act");
  back.send({ t: "res", id, out: done(1) });
  expect(await small.result).toBe(1);
  expect(client.pending.getSnapshot()).toMatchObject([{ type: Note.name, status: "rejected" }]);
});

it("when another user logs in, the results of the user before are rejected", async () => {
  const service = await openService();
  const client = openClient({ url: `${service.url}?a=b`, storage: "memory" });
  const browser = await service.greeted("ada");
  expect(browser.asked).toBe("/vortex?a=b");
  const pushed = await client.push(Add, { id: 1, by: 1 });
  await browser.next("act");
  browser.cut();
  const back = await service.greeted("bob");
  // A service without cookies recognizes an anonymous browser.
  expect(back.asked).toBe("/vortex?a=b&device=device");
  expect(await codeOf(pushed.result)).toBe("CLIENT_CLOSED");
  expect(client.pending.getSnapshot()).toEqual([]);
});

it("an action that another tab pushed before it knew its user is sent by a tab that knows the user", async () => {
  const [service, silent] = await Promise.all([openService(), openService()]);
  const name = freshName();
  const one = openClient({ url: service.url, name });
  const sender = await service.greeted("ada");
  await valueOf(one.connection, ({ status }) => status === "live");
  await one.push(Add, { id: 1, by: 1 });
  await sender.next("act");
  const two = openClient({ url: silent.url, name });
  await valueOf(two.connection, ({ user }) => user?.id === "ada");
  const pushed = await two.push(Add, { id: 1, by: 2 });
  const { id, act } = await sender.next("act");
  expect(act).toMatchObject({ body: '{"id":1,"by":2}', seq: 2 });
  sender.send({ t: "res", id, out: done(2) });
  expect(await pushed.result).toBe(2);
});

it("an action pushed in a page of another, not yet named user is not sent in the name of the last user", async () => {
  const service = await openService();
  const name = freshName();
  const page = Page.of(service.url);
  const ada = openClient({ url: service.url, name });
  await service.greeted("ada");
  await valueOf(ada.connection, ({ status }) => status === "live");
  await ada.push(Add, { id: 1, by: 1 });
  ada.close();
  page.cookie = `x=1; peek_user=${userHash("bob")}`;
  const bob = openClient({ url: service.url, name });
  await service.browser();
  await bob.push(Add, { id: 1, by: 2 });
  expect(bob.connection.getSnapshot().user).toBeUndefined();
  expect(bob.pending.getSnapshot()).toMatchObject([{ action: { by: 2 } }]);
  bob.close();
  page.cookie = `peek_user=${userHash("ada")}`;
  const again = openClient({ url: service.url, name });
  const browser = await service.greeted("ada");
  expect((await browser.next("act")).act.body).toBe('{"id":1,"by":1}');
  expect(again.pending.getSnapshot()).toHaveLength(1);
  again.close();
  openClient({ url: service.url, name });
  const bobs = await service.greeted("bob");
  expect((await bobs.next("act")).act.body).toBe('{"id":1,"by":2}');
});
