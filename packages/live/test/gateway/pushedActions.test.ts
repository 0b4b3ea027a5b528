import { expect, test } from "vitest";
import type { ActionOutcome } from "../../src/rpc/ActionsRpc.ts";
import { action, canonical, selector, TestSite } from "./TestSite.ts";

const act = {
  type: action,
  body: '{"id":1}',
  client: "c1",
  lane: "default",
  seq: 3,
  after: 2,
  acked: 1,
  at: "2026-01-01T00:00:00Z",
  watch: [] as string[],
};

test("an action is sent to logic with the proof of its session, for any user that the browser names, and answered", async () => {
  await using site = await TestSite.open();
  const browser = await site.browser("anna", "phone");
  browser.send({ t: "act", id: 9, act: { ...act, user: { id: "root" }, device: "another" } });
  expect(await browser.next("res")).toEqual({ t: "res", id: 9, out: { kind: "done", result: "1", at: [] } });
  expect(site.logic.actions).toEqual([
    {
      type: action,
      body: act.body,
      client: "c1",
      lane: "default",
      sequence: 3,
      after: 2,
      acknowledged: 1,
      proof: "anna",
      pushedAt: act.at,
      watch: [],
    },
  ]);
});

test.each([
  ["lane", "Pizza \ud83c"],
  ["lane", "Pizza \0"],
  ["client", "\ud83d"],
  ["body", '"\ud83c"'],
])("an action whose %s is not well-formed text is not sent to logic: %j", async (field, text) => {
  await using site = await TestSite.open();
  const browser = await site.browser();
  browser.send({ t: "act", id: 1, act: { ...act, [field]: text } });
  const error = await browser.next("err");
  expect(error).toMatchObject({ code: "CLIENT_FRAME_INVALID", msg: expect.stringContaining(`act.${field}`) });
  expect(site.logic.actions).toEqual([]);
});

test("an action asks for the positions of the channels that its browser watches, in the browser's scope, and of no others", async () => {
  await using site = await TestSite.open();
  site.logic.admitting = ({ id }) => ({ ok: true, scope: `of ${id}`, guarded: true });
  site.logic.channel(selector, "of anna").put({ id: 1, text: "one" });
  const browser = await site.browser("anna");
  await browser.subscribe(1, canonical);
  const other = '["peek_plugin_pump.Pump",{"site":"north"}]';
  browser.send({ t: "act", id: 1, act: { ...act, watch: [other, canonical] } });
  const { out } = await browser.next("res");
  expect(out).toMatchObject({ at: [null, { epoch: "e1", offset: 7 }] });
  expect(site.logic.actions[0]?.watch).toEqual([{ selector: canonical, scope: "of anna" }]);
});

test("an action that is not exposed is to be tried again, an action that is rejected is not", async () => {
  await using site = await TestSite.open();
  const browser = await site.browser();
  browser.send({ t: "act", id: 1, act: { ...act, type: "peek_plugin_pump.Hidden" } });
  expect((await browser.next("res")).out).toMatchObject({ kind: "retry", code: "ACTION_UNKNOWN", afterMs: 5000 });
  expect(site.logic.actions).toEqual([]);
  site.logic.running = () => ({ kind: "rejected", code: "ACTION_REJECTED", msg: "No.", at: [] });
  browser.send({ t: "act", id: 2, act });
  expect((await browser.next("res")).out).toMatchObject({ kind: "rejected", code: "ACTION_REJECTED" });
  site.logic.running = () => Promise.reject(new Error("secret"));
  browser.send({ t: "act", id: 3, act });
  const { out } = await browser.next("res");
  expect(out).toMatchObject({ kind: "retry", code: "INTERNAL" });
  expect(JSON.stringify(out)).not.toContain("secret");
});

test("64 actions of a browser are executed at a time, and further ones are to be tried again", async () => {
  await using site = await TestSite.open();
  const answers: ((outcome: ActionOutcome) => void)[] = [];
  site.logic.running = () => new Promise((resolve) => answers.push(resolve));
  const browser = await site.browser();
  for (let id = 1; id <= 65; id += 1) browser.send({ t: "act", id, act: { ...act, seq: id } });
  expect(await browser.next("res")).toMatchObject({ id: 65, out: { kind: "retry", code: "CLIENT_OVERLOAD" } });
  expect(site.gateway.statistics().actions).toBe(64);
  for (const answer of answers) answer({ kind: "done", result: "", at: [] });
  await browser.next("res", ({ id }) => id === 64);
  expect(site.gateway.statistics().actions).toBe(0);
});

test("the signal of an action fires when its browser has gone", async () => {
  await using site = await TestSite.open();
  const aborted = Promise.withResolvers<unknown>();
  site.logic.running = (_envelope, signal) =>
    new Promise((_resolve, reject) =>
      signal.addEventListener("abort", () => {
        aborted.resolve(undefined);
        reject(signal.reason as Error);
      }),
    );
  const browser = await site.browser();
  browser.send({ t: "act", id: 1, act });
  await expect.poll(() => site.gateway.statistics().actions).toBe(1);
  await browser[Symbol.asyncDispose]();
  await aborted.promise;
});
