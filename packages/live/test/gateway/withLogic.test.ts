import { afterEach, beforeEach, expect, test } from "vitest";
import { FieldProcess } from "../observables/FieldProcess.ts";
import { LogicProcess } from "../observables/LogicProcess.ts";
import { type Pump, pumpsOf, pumpTuple } from "../observables/pumps.ts";
import { MemoryHarness } from "@peek/vortex/testing";
import type { RawBrowser } from "./RawBrowser.ts";
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

async function startLogic(): Promise<LogicProcess> {
  return owned.use(new LogicProcess(await harness.join("logic")));
}

async function untilSpeed(browser: RawBrowser, channel: number, speed: number): Promise<void> {
  await browser.until(`speed ${speed}`, () => {
    const row: unknown = browser.channels.get(channel)?.rows.get(3);
    return typeof row === "object" && row !== null && "speed" in row && row.speed === speed;
  });
}

test("all browsers receive the tuples of a provider, and after a restart of logic only the changes", async () => {
  let rows: Pump[] = pumpsOf(1000);
  const logic = await startLogic();
  const provided = logic.observables.provide(pumpTuple, { load: () => rows });
  const browsers = [await site.browser(), await site.browser("bert", "d2")];
  const [c = -1] = await Promise.all(browsers.map((each) => each.subscribe(1, canonical)));
  await Promise.all(browsers.map((each) => untilSpeed(each, c, 0)));
  rows = rows.with(3, { id: 3, name: "Pump 3", speed: 5 });
  provided.notify();
  await Promise.all(browsers.map((each) => untilSpeed(each, c, 5)));
  const before = browsers.map((each) => each.bytes);
  await logic.kill();
  for (const each of browsers) await each.next("up", ({ on }) => !on);
  rows = rows.with(3, { id: 3, name: "Pump 3", speed: 6 });
  const next = await startLogic();
  next.observables.provide(pumpTuple, { load: () => rows });
  for (const each of browsers) await each.next("up", ({ on }) => on);
  await Promise.all(browsers.map((each) => untilSpeed(each, c, 6)));
  for (const [index, each] of browsers.entries()) {
    expect(each.bytes - (before[index] ?? 0)).toBeLessThan(1000);
    expect(each.messages.some(({ t }) => t === "off")).toBe(false);
    expect(each.gaps).toBe(0);
  }
});

test("a user whose rights are revoked receives nothing more, and another user goes on", async () => {
  const may = new Set(["anna", "bert"]);
  let rows = pumpsOf(10);
  const logic = await startLogic();
  const provided = logic.observables.provide(pumpTuple, {
    load: () => rows,
    authorize: ({ user }) => may.has(user.id),
  });
  const anna = await site.browser("anna");
  const bert = await site.browser("bert");
  const eve = await site.browser("eve");
  const c = await anna.subscribe(1, canonical);
  await bert.subscribe(1, canonical);
  eve.send({ t: "sub", id: 1, sel: canonical });
  await eve.next("off", ({ code }) => code === "FORBIDDEN");
  may.delete("bert");
  provided.rightsChanged();
  await bert.next("off", ({ code }) => code === "FORBIDDEN");
  rows = rows.with(3, { id: 3, name: "Pump 3", speed: 9 });
  provided.notify();
  await untilSpeed(anna, c, 9);
  expect(bert.messages.some(({ t }) => t === "d")).toBe(false);
  expect(eve.channels.size).toBe(0);
});
