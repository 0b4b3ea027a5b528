// oxlint-disable-next-line import/no-unassigned-import -- it adds the globals of a browser to Node
import "fake-indexeddb/auto";
import { IDBObjectStore, indexedDB } from "fake-indexeddb";
import { expect, it, onTestFinished, vi } from "vitest";
import { codeOf } from "@peek/kit/testing";
import { userHash } from "../src/storage/userHash.ts";
import { Add, Counter, freshName, openClient, openService, Page, valueOf } from "./clientHelpers.ts";

const one = { id: 1, value: 10 };
const two = { id: 2, value: 20 };

interface PuttingStore {
  readonly name: string;
  put(this: PuttingStore, ...args: unknown[]): unknown;
}

/** A device that has cached counters for a user. */
async function seenBefore(options: { readonly keep?: boolean } = {}) {
  const service = await openService();
  const name = freshName();
  const client = openClient({ url: service.url, name });
  const watch = client.subscribe(Counter, {}, options);
  const browser = await service.greeted("ada");
  const { id } = await browser.next("sub");
  browser.send({ t: "on", id, c: 1, key: ["id"] }, { t: "s", c: 1, e: "a", o: 7, rows: [one, two] });
  await valueOf(watch, ({ status }) => status === "live");
  client.close();
  return { service, name };
}

it("cached tuples are shown before the service answers, and the subscription resumes from their position", async () => {
  const { service, name } = await seenBefore();
  const client = openClient({ url: service.url, name });
  const watch = client.subscribe(Counter);
  const painted = await valueOf(watch, ({ status }) => status === "device");
  expect(painted.tuples).toEqual([one, two]);
  const browser = await service.greeted("ada");
  const { id, at } = await browser.next("sub");
  expect(at).toMatchObject({ epoch: "a", offset: 7 });
  browser.send({ t: "on", id, c: 1, key: ["id"] }, { t: "u", c: 1, e: "a", o: 7 });
  const live = await valueOf(watch, ({ status }) => status === "live");
  expect(live.tuples).toBe(painted.tuples);
});

it("tuples cached for one user are never shown to another", async () => {
  const { service, name } = await seenBefore();
  const client = openClient({ url: service.url, name });
  const watch = client.subscribe(Counter);
  await valueOf(watch, ({ status }) => status === "device");
  const browser = await service.greeted("bob");
  expect((await valueOf(watch, ({ status }) => status !== "device")).tuples).toEqual([]);
  expect((await browser.next("sub")).at).toBeUndefined();
  client.close();
  // Now Bob is the last user of the device.
  const next = openClient({ url: service.url, name });
  const again = next.subscribe(Counter);
  const back = await service.greeted("bob");
  expect((await back.next("sub")).at).toBeUndefined();
  expect(again.getSnapshot()).toEqual({ status: "loading", tuples: [] });
});

it("a channel with keep: false is not cached, and a forbidden channel is removed from the cache", async () => {
  const { service, name } = await seenBefore({ keep: false });
  const first = openClient({ url: service.url, name });
  const watch = first.subscribe(Counter);
  const browser = await service.greeted("ada");
  const { id, at } = await browser.next("sub");
  expect(at).toBeUndefined();
  browser.send({ t: "on", id, c: 1, key: ["id"] }, { t: "s", c: 1, e: "a", o: 7, rows: [one] });
  await valueOf(watch, ({ status }) => status === "live");
  browser.send({ t: "off", id, code: "FORBIDDEN", msg: "No" });
  await valueOf(watch, ({ status }) => status === "refused");
  first.close();
  const second = openClient({ url: service.url, name });
  second.subscribe(Counter);
  const back = await service.greeted("ada");
  expect((await back.next("sub")).at).toBeUndefined();
});

it("on a full device, cached tuples make room for actions, and push() is refused if that is not enough", async () => {
  const { service, name } = await seenBefore();
  const client = openClient({ url: service.url, name });
  await valueOf(client.connection, ({ device }) => device === "device");
  const stores: PuttingStore = IDBObjectStore.prototype;
  // oxlint-disable-next-line typescript/unbound-method -- it is called with its object
  const { put } = stores;
  let failures = 1;
  const spy = vi.spyOn(stores, "put").mockImplementation(function (this: PuttingStore, ...args: unknown[]) {
    if (this.name === "actions" && failures > 0) {
      failures -= 1;
      throw new DOMException("There is no room", "QuotaExceededError");
    }
    return put.apply(this, args);
  });
  onTestFinished(() => spy.mockRestore());
  const pushed = await client.push(Add, { id: 1, by: 1 });
  expect(pushed.durable).toBe(true);
  expect(client.connection.getSnapshot().device).toBe("full");
  failures = 2;
  expect(await codeOf(client.push(Add, { id: 1, by: 2 }))).toBe("CLIENT_STORAGE_UNAVAILABLE");
  expect(client.pending.getSnapshot()).toHaveLength(1);
  const browser = await service.greeted("ada");
  expect((await browser.next("act")).act.seq).toBe(1);
  client.subscribe(Counter);
  expect((await browser.next("sub")).at).toBeUndefined();
});

it("a client works in memory if reading indexedDB throws", async () => {
  const before = Object.getOwnPropertyDescriptor(globalThis, "indexedDB");
  onTestFinished(() => void Object.defineProperty(globalThis, "indexedDB", before ?? {}));
  Object.defineProperty(globalThis, "indexedDB", {
    configurable: true,
    get: () => {
      throw new DOMException("Access is denied", "SecurityError");
    },
  });
  const service = await openService();
  const client = openClient({ url: service.url });
  expect((await valueOf(client.connection, ({ device }) => device !== "opening")).device).toBe("memory");
  expect((await client.push(Add, { id: 1, by: 1 })).durable).toBe(false);
});

it("a client works in memory if the database cannot be opened", async () => {
  const open = vi.spyOn(indexedDB, "open").mockImplementation(() => {
    throw new DOMException("In private", "SecurityError");
  });
  onTestFinished(() => open.mockRestore());
  const service = await openService();
  const client = openClient({ url: service.url });
  expect((await valueOf(client.connection, ({ device }) => device !== "opening")).device).toBe("memory");
  expect((await client.push(Add, { id: 1, by: 1 })).durable).toBe(false);
});

it("a database that the browser closes is opened again", async () => {
  const service = await openService();
  const name = freshName();
  const client = openClient({ url: service.url, name });
  await client.push(Add, { id: 1, by: 1 });
  // As if the user cleared the site's data: open connections get `versionchange`.
  const gone = Promise.withResolvers<void>();
  const request = indexedDB.deleteDatabase(`peek.${name}`);
  request.addEventListener("success", () => gone.resolve());
  await gone.promise;
  expect((await client.push(Add, { id: 1, by: 2 })).durable).toBe(true);
});

it("a page of the site shows cached tuples only to the user of the site's cookie", async () => {
  const { service, name } = await seenBefore();
  const page = Page.of(service.url);
  const show = async (): Promise<string> => {
    const client = openClient({ url: service.url, name });
    const watch = client.subscribe(Counter);
    // Stored actions are read after the cached tuples.
    await client.push(Add, { id: 1, by: 1 });
    const { status } = await valueOf(watch, (state) => page.cookie !== known || state.status === "device");
    client.close();
    return status;
  };
  const known = `peek_user=${userHash("ada")}`;
  for (const cookie of ["", `peek_user=${userHash("bob")}`]) {
    page.cookie = cookie;
    expect(await show()).toBe("loading");
  }
  page.cookie = known;
  expect(await show()).toBe("device");
});

it("after the end of a session, the next page shows nothing before the service answers", async () => {
  const { service, name } = await seenBefore();
  const client = openClient({ url: service.url, name });
  (await service.greeted("ada")).close(4401);
  await valueOf(client.connection, ({ status }) => status === "login");
  // The device is written in order.
  await client.push(Add, { id: 1, by: 1 });
  client.close();
  const next = openClient({ url: service.url, name });
  const watch = next.subscribe(Counter);
  await next.push(Add, { id: 1, by: 2 });
  expect(next.connection.getSnapshot().user).toBeUndefined();
  expect(watch.getSnapshot().status).toBe("loading");
});

it("the device is no longer shown as full when an action finds room after a while", async () => {
  const service = await openService();
  const client = openClient({ url: service.url });
  await client.push(Add, { id: 1, by: 1 });
  const stores: PuttingStore = IDBObjectStore.prototype;
  const spy = vi.spyOn(stores, "put").mockImplementationOnce(() => {
    throw new DOMException("There is no room", "QuotaExceededError");
  });
  onTestFinished(() => spy.mockRestore());
  await client.push(Add, { id: 1, by: 2 });
  await client.push(Add, { id: 1, by: 3 });
  expect(client.connection.getSnapshot().device).toBe("full");
  const now = performance.now();
  const clock = vi.spyOn(performance, "now").mockReturnValue(now + 61_000);
  onTestFinished(() => clock.mockRestore());
  await client.push(Add, { id: 1, by: 4 });
  expect(client.connection.getSnapshot().device).toBe("device");
});
