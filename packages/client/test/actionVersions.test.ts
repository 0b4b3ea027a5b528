// oxlint-disable-next-line import/no-unassigned-import -- it adds the globals of a browser to Node
import "fake-indexeddb/auto";
import { defineAction } from "@peek/plugin-base/contracts";
import { expect, it } from "vitest";
import { z } from "zod";
import { Add, Counter, freshName, openClient, openService, valueOf } from "./clientHelpers.ts";
import type { ServedBrowser } from "./ScriptedService.ts";

/** The next version of Add, in a page that has been updated. */
const NewAdd = defineAction(
  Add.name,
  { id: z.int(), amount: z.number() },
  {
    result: z.int(),
    upgrade: (old) => {
      const { id, by } = Add.schema.parse(old);
      return { id, amount: by };
    },
  },
);

const updateNeeded = {
  kind: "retry",
  code: "ACTION_UPDATE_NEEDED",
  msg: "Load the page again",
  afterMs: 60_000,
} as const;

async function refuse(browser: ServedBrowser): Promise<string | undefined> {
  const { id, act } = await browser.next("act");
  browser.send({ t: "res", id, out: updateNeeded });
  return act.contract;
}

it("an action that the service cannot read stays on the device, and is sent again when the page has the new version", async () => {
  const service = await openService();
  const name = freshName();
  const old = openClient({ url: service.url, name });
  await old.push(Add, { id: 1, by: 2 });
  const first = await refuse(await service.greeted("ada"));
  expect(first).toMatch(/^[0-9a-f]{64}$/);
  await valueOf(old.pending, ([action]) => action?.error?.code === "ACTION_UPDATE_NEEDED");
  expect(old.pending.getSnapshot()).toMatchObject([{ status: "queued", error: { message: "Load the page again" } }]);
  old.close();
  const updated = openClient({ url: service.url, name });
  const browser = await service.greeted("ada");
  expect(await refuse(browser)).toBe("");
  await valueOf(updated.pending, ([action]) => action?.error !== undefined);
  updated.uses(NewAdd);
  const { id, act } = await browser.next("act");
  expect(act).toMatchObject({ body: '{"id":1,"by":2}', seq: 1 });
  expect([first, ""]).not.toContain(act.contract);
  browser.send({ t: "res", id, out: { kind: "done", result: "2", at: [] } });
  await valueOf(updated.pending, ({ length }) => length === 0);
});

it("an action that the service cannot read can be dismissed, and the later ones of its lane are sent", async () => {
  const service = await openService();
  const client = openClient({ url: service.url });
  const pushed = await client.push(Add, { id: 1, by: 2 });
  const browser = await service.greeted("ada");
  await refuse(browser);
  await valueOf(client.pending, ([action]) => action?.error !== undefined);
  await client.push(Add, { id: 1, by: 3 });
  await client.dismiss(pushed.id);
  expect((await browser.next("act")).act).toMatchObject({ body: '{"id":1,"by":3}', after: 0 });
});

it("the optimistic update of an earlier version's action gets it upgraded", async () => {
  const service = await openService();
  const name = freshName();
  const old = openClient({ url: service.url, name });
  await old.push(Add, { id: 1, by: 2 });
  const browser = await service.greeted("ada");
  await browser.next("act");
  old.close();
  const updated = openClient({ url: service.url, name });
  updated.expect(NewAdd, Counter, (tuples, { id, amount }) => [...tuples, { id, value: amount }]);
  const watch = updated.subscribe(Counter);
  const second = await service.greeted("ada");
  const { id } = await second.next("sub");
  second.send({ t: "on", id, c: 1, key: ["id"] }, { t: "s", c: 1, e: "a", o: 1, rows: [{ id: 0, value: 10 }] });
  await valueOf(watch, ({ status }) => status === "live");
  expect(watch.getSnapshot().tuples).toEqual([
    { id: 0, value: 10 },
    { id: 1, value: 2 },
  ]);
});
