import { TupleSelector } from "@peek/plugin-base/contracts";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { MemoryHarness } from "@peek/vortex/testing";
import { until } from "@peek/kit/testing";
import { FieldProcess } from "./FieldProcess.ts";
import { LogicProcess } from "./LogicProcess.ts";
import { pumpsOf, pumpTuple } from "./pumps.ts";

let owned: AsyncDisposableStack;
let harness: MemoryHarness;
let field: FieldProcess;

beforeEach(async () => {
  owned = new AsyncDisposableStack();
  harness = new MemoryHarness();
  field = owned.use(new FieldProcess(await harness.join("field")));
});

afterEach(async () => {
  await owned.disposeAsync();
});

async function startLogic(): Promise<LogicProcess> {
  return owned.use(new LogicProcess(await harness.join("logic")));
}

const selector = new TupleSelector(pumpTuple.name, {});
const user = { id: "a", name: "Anna", groups: [], anonymous: false };
const never = new AbortController().signal;
const secret = { id: 1, name: "secret" };

describe("an observable that has become guarded, or open", () => {
  it("sends nothing to watchers that were admitted before it was guarded, and has them admitted anew", async () => {
    const first = await startLogic();
    first.observables.provide(pumpTuple, { load: () => pumpsOf(2) });
    const watcher = field.watch();
    await until("it is there", () => watcher.channel.isLive);
    const notified: string[] = [];
    field.onRightsChanged((observable) => notified.push(observable));
    await first.kill();
    await until("it is stale", () => !watcher.channel.isLive);
    const second = await startLogic();
    const scopes: string[] = [];
    second.observables.provide(pumpTuple, {
      authorize: () => true,
      load: (_, { scope }) => {
        scopes.push(scope);
        return [secret];
      },
    });
    await until("it is reported", () => notified.includes(pumpTuple.name));
    const admission = await field.logic.admit(user.id, selector, never);
    expect(admission).toEqual({ ok: true, scope: "", guarded: true });
    const admitted = field.watch({}, "", true);
    await until("it is there", () => admitted.channel.isLive);
    expect(admitted.tuples).toEqual([{ ...secret, speed: 0 }]);
    // Loaded once, for the admitted watcher.
    expect(scopes).toEqual([""]);
    expect(watcher.kinds).toBe("s");
    expect(watcher.channel).toMatchObject({ isLive: false });
    expect(watcher.channel.number).not.toBe(admitted.channel.number);
    expect(field.statistics().followedChannels).toBe(2);
    watcher[Symbol.dispose]();
    await until("it is closed", () => field.statistics().followedChannels === 1);
  });

  it("is followed again by its watchers when it is open again", async () => {
    const first = await startLogic();
    const provided = first.observables.provide(pumpTuple, { scope: () => "x", load: () => [secret] });
    const open = field.watch();
    const notified: string[] = [];
    field.onRightsChanged((observable) => notified.push(observable));
    await until("it is reported", () => notified.length > 0);
    expect(open.channel).toMatchObject({ isLive: false, position: undefined });
    const scoped = field.watch({}, "x", true);
    await until("it is there", () => scoped.channel.isLive);
    await provided[Symbol.asyncDispose]();
    await until("it is known", () => !scoped.channel.isLive);
    first.observables.provide(pumpTuple, { load: () => pumpsOf(3) });
    await until("it is there", () => open.rows.size === 3);
    expect(open.kinds).toBe("s");
    expect(scoped.rows.size).toBe(1);
    expect(scoped.channel.isLive).toBe(false);
  });

  it("has the watchers of all its channels admitted anew by a few notifications", async () => {
    const logic = await startLogic();
    logic.observables.provide(pumpTuple, { authorize: () => true, load: () => [secret] });
    const notified: string[] = [];
    field.onRightsChanged((observable) => notified.push(observable));
    await until("it is connected", () => notified.length === 1);
    const watchers = Array.from({ length: 2000 }, (_, site) => field.watch({ site }));
    await until("all have asked", () => watchers.every(({ channel }) => channel.isAdmissionOutdated));
    await until("it is reported", () => notified.length > 2);
    for (const watcher of watchers) watcher[Symbol.dispose]();
    await until("nothing is left", () => field.statistics().followedChannels === 0);
    expect(notified.length).toBeLessThan(5);
    expect(logic.server.statistics()).toMatchObject({ channels: 0, followers: 0, loads: 0 });
  });
});
