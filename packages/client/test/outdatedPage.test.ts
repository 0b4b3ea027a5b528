// oxlint-disable-next-line import/no-unassigned-import -- it adds the globals of a browser to Node
import "fake-indexeddb/auto";
import { indexedDB } from "fake-indexeddb";
import { expect, it, onTestFinished } from "vitest";
import { Add, freshName, openClient, openService, valueOf } from "./clientHelpers.ts";

/** The parts of a database that this test needs. */
interface Stores {
  createObjectStore(this: Stores, name: string): unknown;
  deleteObjectStore(this: Stores, name: string): void;
  close(this: Stores): void;
}

/** Upgrades the device's database as a newer version of the page would. */
async function upgrade(name: string, change: (stores: Stores) => void): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const request = indexedDB.open(`peek.${name}`, 2) as { readonly result: Stores } & EventTarget;
  request.addEventListener("upgradeneeded", () => change(request.result));
  request.addEventListener("success", () => resolve());
  request.addEventListener("error", () => reject(new Error("The database cannot be upgraded")));
  await promise;
  onTestFinished(() => request.result.close());
}

const addStore = (stores: Stores): void => void stores.createObjectStore("drafts");
const moveActions = (stores: Stores): void => {
  stores.deleteObjectStore("actions");
  stores.createObjectStore("actionsByUser");
};

it("a page whose database another tab upgrades stores actions there, and is outdated", async () => {
  const service = await openService();
  const name = freshName();
  const client = openClient({ url: service.url, name });
  await client.push(Add, { id: 1, by: 1 });
  await upgrade(name, addStore);
  expect(await client.push(Add, { id: 1, by: 2 })).toMatchObject({ durable: true });
  expect(client.connection.getSnapshot().device).toBe("outdated");
  await service.browser();
  client.close();
  const reloaded = openClient({ url: service.url, name });
  const browser = await service.greeted("ada");
  expect((await browser.next("act")).act).toMatchObject({ body: '{"id":1,"by":1}', seq: 1 });
  const second = await browser.next("act");
  expect(second.act).toMatchObject({ body: '{"id":1,"by":2}', seq: 2 });
  browser.send({ t: "res", id: second.id, out: { kind: "done", result: "3", at: [] } });
  await valueOf(reloaded.pending, ({ length }) => length === 1);
});

it("a page that opens a newer database stores actions there, and is outdated", async () => {
  const service = await openService();
  const name = freshName();
  openClient({ url: service.url, name }).close();
  await upgrade(name, addStore);
  const client = openClient({ url: service.url, name });
  await valueOf(client.connection, ({ device }) => device === "outdated");
  expect(await client.push(Add, { id: 1, by: 1 })).toMatchObject({ durable: true });
});

it("push() is refused with advice to reload if a newer version stores actions elsewhere", async () => {
  const service = await openService();
  const name = freshName();
  const client = openClient({ url: service.url, name });
  await valueOf(client.connection, ({ device }) => device === "device");
  await upgrade(name, moveActions);
  const error: unknown = await client.push(Add, { id: 1, by: 1 }).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: "CLIENT_STORAGE_UNAVAILABLE" });
  expect(String(error)).toContain("Reload the page");
  expect(String(error)).not.toContain("Make room");
  expect(client.connection.getSnapshot().device).toBe("outdated");
  expect(client.pending.getSnapshot()).toEqual([]);
});
