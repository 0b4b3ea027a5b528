import { PeekError } from "@peek/errors";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { MemoryHarness } from "@peek/vortex/testing";
import { fired, until } from "@peek/kit/testing";
import { FieldProcess } from "./FieldProcess.ts";
import { LogicProcess, type LogicProcessOptions } from "./LogicProcess.ts";
import { type Pump, pumpsOf, pumpTuple } from "./pumps.ts";

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

async function startLogic(options?: LogicProcessOptions): Promise<LogicProcess> {
  return owned.use(new LogicProcess(await harness.join("logic"), options));
}

const selector = z.object({ site: z.int() });

describe("a channel without followers", () => {
  it("is not loaded when it is next in the queue, but as soon as it is followed again", async () => {
    const logic = await startLogic({ maxLoads: 1 });
    const brief = owned.use(new FieldProcess(await harness.join("field"), 0));
    const gate = Promise.withResolvers<void>();
    const loads: number[] = [];
    logic.observables.provide(pumpTuple, {
      selector,
      load: async ({ site }) => {
        loads.push(site);
        if (site === 0) await gate.promise;
        return pumpsOf(site + 1);
      },
    });
    const first = brief.watch({ site: 0 });
    await until("it runs", () => loads.length === 1);
    const churn = Array.from({ length: 50 }, (_, index) => brief.watch({ site: index + 1 }));
    await until("all are followed", () => logic.server.statistics().followers === 51);
    for (const each of churn) each[Symbol.dispose]();
    await until("they are left", () => logic.server.statistics().followers === 1);
    gate.resolve();
    await until("it is there", () => first.rows.size === 1);
    const last = brief.watch({ site: 51 });
    await until("it is there", () => last.rows.size === 52);
    expect(loads).toEqual([0, 51]);
    const again = brief.watch({ site: 7 });
    await until("it is there", () => again.rows.size === 8);
    expect(loads).toEqual([0, 51, 7]);
  });

  it("shows its next follower the changes made meanwhile, and not first the state before", async () => {
    const logic = await startLogic({ maxLoads: 1 });
    const [brief, other] = [
      owned.use(new FieldProcess(await harness.join("field"), 0)),
      owned.use(new FieldProcess(await harness.join("field"), 0)),
    ];
    let gate = Promise.resolve();
    let begun = 0;
    let speed = 1;
    const provided = logic.observables.provide(pumpTuple, {
      selector,
      load: async ({ site }) => {
        begun += 1;
        if (site === 0) await gate;
        return [{ id: 1, name: "", speed }];
      },
    });
    const first = brief.watch({ site: 1 });
    const busy = field.watch({ site: 0 });
    await until("both are there", () => first.channel.isLive && busy.channel.isLive);
    const opened = Promise.withResolvers<void>();
    gate = opened.promise;
    begun = 0;
    provided.notify({ site: 0 });
    await until("it runs", () => begun === 1);
    speed = 2;
    provided.notify({ site: 1 });
    first[Symbol.dispose]();
    await until("it is left", () => logic.server.statistics().followers === 1);
    const second = other.watch({ site: 1 });
    await until("it is followed", () => logic.server.statistics().followers === 2);
    opened.resolve();
    await until("it is there", () => second.channel.isLive);
    expect(second.tuples).toEqual([{ id: 1, name: "", speed: 2 }]);
    expect(second.kinds).toBe("s");
  });
});

describe("a load() that does not return", () => {
  it("is aborted at its deadline, reported and called again, and does not delay others", async () => {
    const logic = await startLogic({ maxLoads: 2, loadDeadlineMs: 50 });
    const signals: AbortSignal[] = [];
    let isHanging = true;
    const late: (() => void)[] = [];
    const provided = logic.observables.provide(pumpTuple, {
      selector,
      load: async ({ site }, { signal }) => {
        if (site === 9 || !isHanging) return pumpsOf(site);
        signals.push(signal);
        return await new Promise<Pump[]>((resolve) => {
          signal.addEventListener("abort", () => late.push(() => resolve(pumpsOf(1000))));
        });
      },
    });
    const stuck = [1, 2, 3].map((site) => field.watch({ site }));
    await until("two run", () => signals.length === 2);
    const well = field.watch({ site: 9 });
    await until("it is there", () => well.rows.size === 9);
    await until("it is reported", () =>
      stuck.every(({ channel }) => channel.trouble?.code === "OBSERVABLE_LOAD_FAILED"),
    );
    const reason: unknown = signals[0]?.reason;
    expect(PeekError.is(reason) && reason.code).toBe("DEADLINE_EXCEEDED");
    expect(logic.log.lines.filter((line) => line.includes("50 ms"))).toHaveLength(1);
    isHanging = false;
    // The channels ignore answers that come too late.
    for (const answer of late) answer();
    await until("it works", () => stuck.every(({ channel }) => channel.isLive));
    expect(stuck.map(({ rows }) => rows.size)).toEqual([1, 2, 3]);
    // A load of a change that hangs leaves what is shown.
    isHanging = true;
    const { length } = signals;
    provided.notify({ site: 1 });
    await until("it hangs", () => signals.length > length);
    await until("it is closed", () => signals[length]?.aborted === true);
    expect(stuck[0]?.channel).toMatchObject({ isLive: true, trouble: undefined });
    isHanging = false;
  });

  it("delays neither other channels when its own is closed, nor for ever a plugin that stops", async () => {
    const logic = await startLogic({ maxLoads: 1, lingerMs: 0, loadDeadlineMs: 500 });
    const brief = owned.use(new FieldProcess(await harness.join("field"), 0));
    const signals: AbortSignal[] = [];
    logic.observables.provide(pumpTuple, {
      selector,
      load: ({ site }, { signal }) => {
        if (site === 2) return pumpsOf(2);
        signals.push(signal);
        return new Promise<Pump[]>(() => undefined);
      },
    });
    const stuck = brief.watch({ site: 1 });
    await until("it runs", () => signals.length === 1);
    stuck[Symbol.dispose]();
    const [signal] = signals;
    if (signal === undefined) throw new Error("It does not run");
    const reason = await fired(signal);
    expect(PeekError.is(reason) && reason.code).toBe("OBSERVABLE_UNKNOWN");
    const well = field.watch({ site: 2 });
    await until("it is there", () => well.rows.size === 2);
    field.watch({ site: 3 });
    await until("it runs", () => signals.length === 2);
    await logic.stack.disposeAsync();
    expect(logic.server.statistics()).toMatchObject({ observables: 0, channels: 0 });
  });
});

describe("a selector that an observable refuses", () => {
  it("is reported as invalid by its channel too, so that it is not tried again", async () => {
    const logic = await startLogic();
    logic.observables.provide(pumpTuple, { selector, load: () => pumpsOf(1) });
    const watchers = [field.watch({ site: "x" }), field.watch({ site: "x" })];
    await until("it is reported", () => watchers.every(({ channel }) => channel.trouble !== undefined));
    for (const { channel } of watchers) {
      expect(channel).toMatchObject({ isLive: false, position: undefined, key: undefined });
      expect(channel.trouble).toMatchObject({
        code: "DATA_INVALID",
        message: expect.stringContaining(pumpTuple.name) as string,
      });
    }
    // Services do not log the mistakes of a browser.
    expect([...field.log.lines, ...logic.log.lines].filter((line) => line.includes("site"))).toEqual([]);
  });
});

describe("channels that are closed while logic is not reached", () => {
  it("end at once, however many wait to be opened", async () => {
    await using brief = new FieldProcess(await harness.join("field"), 0);
    for (let index = 0; index < 1000; index += 1) brief.watch({ site: index })[Symbol.dispose]();
    await until("they are closed", () => brief.statistics().followedChannels === 0);
    const stays = Array.from({ length: 600 }, (_, index) => brief.watch({ site: 2000 + index }));
    for (let index = 0; index < 1000; index += 1) brief.watch({ site: 5000 + index })[Symbol.dispose]();
    await until("they have ended", () => {
      const { followedChannels, closingChannels } = brief.statistics();
      return followedChannels === stays.length && closingChannels === 0;
    });
  });
});
