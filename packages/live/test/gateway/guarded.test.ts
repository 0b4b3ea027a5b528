import { afterEach, beforeEach, expect, test } from "vitest";
import { FieldProcess } from "../observables/FieldProcess.ts";
import { LogicProcess } from "../observables/LogicProcess.ts";
import { pumpsOf, pumpTuple } from "../observables/pumps.ts";
import { MemoryHarness } from "@peek/vortex/testing";
import { canonical, TestSite } from "./TestSite.ts";

let owned: AsyncDisposableStack;
let harness: MemoryHarness;
let site: TestSite;

beforeEach(async () => {
  owned = new AsyncDisposableStack();
  harness = new MemoryHarness();
  const field = owned.use(new FieldProcess(await harness.join("field")));
  site = owned.use(await TestSite.open({ rpc: field.rpc, presence: field.presence }));
});

afterEach(async () => {
  await owned.disposeAsync();
});

test("an observable that is guarded since a restart of logic sends nothing to users that it refuses", async () => {
  const logic = owned.use(new LogicProcess(await harness.join("logic")));
  logic.observables.provide(pumpTuple, { load: () => pumpsOf(10) });
  const anna = await site.browser("anna");
  const bert = await site.browser("bert", "d2");
  const c = await anna.subscribe(1, canonical);
  await bert.subscribe(1, canonical);
  for (const each of [anna, bert]) await each.until("it is there", () => each.channels.get(c)?.rows.size === 10);
  await logic.kill();
  for (const each of [anna, bert]) await each.next("up", ({ on }) => !on);
  const next = owned.use(new LogicProcess(await harness.join("logic")));
  const asked: string[] = [];
  const answer = Promise.withResolvers<void>();
  next.observables.provide(pumpTuple, {
    load: () => [{ id: 1, name: "secret" }],
    authorize: async ({ user }) => {
      asked.push(user.id);
      // The answer for bert may take any time.
      if (user.id === "bert") await answer.promise;
      return user.id === "anna";
    },
  });
  const shows = (each: typeof anna): boolean => JSON.stringify(each.messages).includes("secret");
  await anna.until("anna sees the rows", () => shows(anna));
  answer.resolve();
  await bert.next("off", ({ code }) => code === "FORBIDDEN");
  expect(new Set(asked)).toEqual(new Set(["anna", "bert"]));
  expect(shows(bert)).toBe(false);
  const after = anna.messages.findLast(({ t }) => t === "s");
  expect(after).toMatchObject({ rows: [{ id: 1, name: "secret", speed: 0 }] });
});
