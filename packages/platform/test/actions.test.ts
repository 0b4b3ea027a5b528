import { setTimeout as wait } from "node:timers/promises";
import { PeekError } from "@peek/errors";
import { until } from "@peek/kit/testing";
import { ActionPutOff, ActionRejection, defineAction } from "@peek/plugin-base/contracts";
import { sql } from "@peek/plugin-base/storage";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { ActionRig, ada, eve, plugin } from "./ActionRig.ts";

const Raise = defineAction(`${plugin}.Raise`, { by: z.int() }, { result: z.int() });
const body = '{"by":1}';

let rig: ActionRig;
let client = 0;

beforeAll(async () => {
  rig = await ActionRig.open();
});

afterAll(async () => {
  await rig[Symbol.asyncDispose]();
});

beforeEach(async () => {
  await rig.stopPlugin();
  await rig.query("UPDATE pl_pump.pump SET level = 0");
  await rig.query(
    "DO $$ BEGIN IF to_regclass('peek_vortex.dead_letter') IS NOT NULL THEN DELETE FROM peek_vortex.dead_letter; END IF; END $$",
  );
  rig.told.length = 0;
  client += 1;
});

/** Pushes as a device of the running test's own. */
const push = (options: Parameters<ActionRig["push"]>[2] = {}, text = body): ReturnType<ActionRig["push"]> =>
  rig.push(Raise.name, text, { client: `device-${client}`, ...options });

/** Handles it by raising the level of the first pump. */
function handleRaise(before: () => Promise<void> | void = () => undefined): void {
  rig.actions.handle(Raise, async ({ by }, { transaction }) => {
    await before();
    const row = await transaction
      .updateTable("pump")
      .set((pump) => ({ level: pump("level", "+", by) }))
      .where("id", "=", 1)
      .returning("level")
      .executeTakeFirstOrThrow();
    return row.level;
  });
}

describe("an action", () => {
  it("is executed once when it is pushed repeatedly, and has the same result each time", async () => {
    handleRaise();
    const outcomes = await Promise.all(Array.from({ length: 10 }, () => push()));
    expect(outcomes.map((each) => (each.kind === "done" ? each.result : each))).toEqual(Array(10).fill("1"));
    expect(await push({ sequence: 2, after: 1, acknowledged: 1 })).toMatchObject({ kind: "done", result: "2" });
    expect(await push()).toMatchObject({ kind: "rejected", code: "ACTION_FORGOTTEN" });
    expect(await rig.level()).toBe(2);
  });

  it("waits for the previous action in its lane, and for no other one", async () => {
    handleRaise();
    expect(await push({ sequence: 2, after: 1 })).toEqual({ kind: "early", last: 0 });
    expect(await push({ sequence: 2, after: 1, lane: "other" })).toEqual({ kind: "early", last: 0 });
    expect(await push({ sequence: 5, after: 0, lane: "other" })).toMatchObject({ kind: "done" });
  });

  it("of an unhandled type is kept by the device", async () => {
    expect(await push()).toMatchObject({ kind: "retry", code: "ACTION_UNKNOWN" });
    handleRaise();
    expect(await push()).toMatchObject({ kind: "done" });
  });

  it("that its handler rejects changes nothing, becomes a dead letter, and does not block later ones", async () => {
    let isRejecting = true;
    handleRaise(() => {
      if (isRejecting) throw new ActionRejection("The pump is locked", { fields: { secret: 5 } });
    });
    const rejected = { kind: "rejected", code: "ACTION_REJECTED", msg: "The pump is locked", at: [] };
    expect(await push()).toEqual(rejected);
    isRejecting = false;
    expect(await push({ sequence: 2, after: 1 })).toMatchObject({ kind: "done", result: "1" });
    expect(await push()).toEqual(rejected);
    const letters = await rig.actions.deadLetters();
    expect(letters).toMatchObject([{ action: Raise.name, body, user: ada, code: "ACTION_REJECTED" }]);
    expect(await rig.actions.deleteDeadLetter(letters[0]?.id ?? "")).toBe(true);
    expect(await rig.actions.deadLetters()).toEqual([]);
  });

  it("is rejected also where the handler's message is not well-formed", async () => {
    handleRaise(() => {
      throw new ActionRejection("No pizza \ud83c\0");
    });
    expect(await push()).toMatchObject({ kind: "rejected", code: "ACTION_REJECTED", msg: "No pizza \u{FFFD}\u{FFFD}" });
  });

  it.each([
    ["put off", () => new ActionPutOff("The controller does not answer"), "ACTION_PUT_OFF"],
    [
      "in the way of the database",
      () => new PeekError("STORAGE_TIMEOUT", "at db:5432: SELECT secret"),
      "STORAGE_TIMEOUT",
    ],
    ["of no agent", () => new PeekError("VORTEX_NOBODY", "no agent at 10.0.0.5"), "VORTEX_NOBODY"],
    ["late at an agent", () => new PeekError("DEADLINE_EXCEEDED", "the agent"), "DEADLINE_EXCEEDED"],
  ])("that is %s is retried by the device, which gets only the code", async (_how, error, code) => {
    let failures = 0;
    handleRaise(() => {
      failures += 1;
      if (failures <= 5) throw error();
    });
    for (let time = 1; time <= 5; time += 1) {
      const outcome = await push();
      expect(outcome).toMatchObject({ kind: "retry", code });
      expect(JSON.stringify(outcome)).not.toMatch(/secret|5432|10\.0/);
    }
    expect(await push()).toMatchObject({ kind: "done", result: "1" });
    expect(await rig.actions.deadLetters()).toEqual([]);
  });

  it("whose handler always fails is attempted three times, logged, and becomes a dead letter", async () => {
    let attempts = 0;
    handleRaise(() => {
      attempts += 1;
      throw new TypeError("password=hidden");
    });
    const outcome = await push();
    expect(outcome).toMatchObject({ kind: "rejected", code: "ACTION_FAILED" });
    expect(JSON.stringify(outcome)).not.toContain("hidden");
    expect(attempts).toBe(3);
    expect(rig.told[0]).toBe(`${Raise.name} failed, attempt 1 of 3: password=hidden`);
    expect(await rig.actions.deadLetters()).toMatchObject([{ code: "ACTION_FAILED" }]);
  });

  it("that does not match its type becomes a dead letter", async () => {
    handleRaise();
    expect(await push({}, '{"by":"x"}')).toMatchObject({ kind: "rejected", code: "DATA_INVALID" });
    expect(await push({ sequence: 2, after: 1 }, "{")).toMatchObject({ kind: "rejected", code: "DATA_INVALID" });
    expect(await push({ sequence: 3, after: 2 }, String.raw`{"by":1,"note":"\ud83c"}`)).toMatchObject({
      kind: "rejected",
      code: "DATA_INVALID",
    });
    expect(await rig.actions.deadLetters()).toHaveLength(3);
  });

  it("of an ended session is kept by the device, and not executed", async () => {
    handleRaise();
    const nobody = { ...ada, id: "nobody" };
    expect(await push({ user: nobody })).toMatchObject({ kind: "retry", code: "SESSION_ENDED" });
    expect(await push()).toMatchObject({ kind: "done" });
    expect(await rig.level()).toBe(1);
  });

  it("for another service is not executed for this one", async () => {
    const ForOffice = defineAction(`${plugin}.ForOffice`, {}, { services: ["office"] });
    let calls = 0;
    rig.actions.handle(ForOffice, () => void (calls += 1));
    const outcome = await rig.push(ForOffice.name, "{}", { client: "of field" });
    expect(outcome).toMatchObject({ kind: "retry", code: "ACTION_UNKNOWN" });
    expect(calls).toBe(0);
  });

  it("of a client that belongs to another user is refused", async () => {
    handleRaise();
    expect(await push()).toMatchObject({ kind: "done" });
    expect(await push({ sequence: 2, user: eve })).toMatchObject({ kind: "rejected", code: "FORBIDDEN" });
    expect(await rig.level()).toBe(1);
  });
});

describe("authorize", () => {
  const handle = (authorize: () => boolean | Promise<boolean>, deadlineMs?: number): void => {
    rig.actions.handle(Raise, () => 1, { authorize, ...(deadlineMs !== undefined && { deadlineMs }) });
  };

  it("that says no rejects the action", async () => {
    handle(() => false);
    expect(await push()).toMatchObject({ kind: "rejected", code: "FORBIDDEN" });
    expect(await rig.actions.deadLetters()).toMatchObject([{ code: "FORBIDDEN" }]);
  });

  it("that throws, or never answers, does not stop the lane", async () => {
    handle(() => {
      throw new Error("no");
    });
    expect(await push()).toMatchObject({ kind: "rejected", code: "ACTION_FAILED" });
    await rig.stopPlugin();
    handle(() => new Promise(() => undefined), 20);
    expect(await push({ sequence: 2 })).toMatchObject({ kind: "rejected", code: "ACTION_FAILED" });
  });
});

describe("a handler that takes longer than it may", () => {
  it("changes nothing, although it continues", async () => {
    const late: Promise<unknown>[] = [];
    rig.actions.handle(
      Raise,
      async (_action, { transaction }) => {
        const goOn = async (): Promise<void> => {
          await sql`SELECT pg_sleep(0.1)`.execute(transaction);
          await transaction.updateTable("pump").set({ level: 99 }).where("id", "=", 1).execute();
        };
        const going = goOn();
        late.push(going);
        await going;
        return 1;
      },
      { deadlineMs: 30 },
    );
    expect(await push()).toMatchObject({ kind: "rejected", code: "ACTION_FAILED" });
    expect((await Promise.allSettled(late)).map(({ status }) => status)).toEqual(["rejected", "rejected", "rejected"]);
    expect(await rig.level()).toBe(0);
  });
});

describe("a plugin that stops", () => {
  it("has pending actions pushed again, which are executed once after its restart", async () => {
    const started = Promise.withResolvers<void>();
    handleRaise(async () => {
      started.resolve();
      await wait(60_000, undefined, { ref: false });
    });
    const first = push();
    await started.promise;
    await rig.stopPlugin();
    expect(await first).toMatchObject({ kind: "retry" });
    handleRaise();
    expect(await push()).toMatchObject({ kind: "done", result: "1" });
    expect(await rig.level()).toBe(1);
  });
});

describe("many actions", () => {
  it("of many devices are executed once each, and those of a slow plugin are put off", async () => {
    const gate = Promise.withResolvers<void>();
    handleRaise(() => gate.promise);
    const pushes = Array.from({ length: 600 }, (_, index) =>
      rig.push(Raise.name, body, { client: `many-${index}`, device: `device ${index % 10}` }),
    );
    const first = await Promise.race(pushes);
    expect(first).toMatchObject({ kind: "retry", code: "RPC_BUSY" });
    gate.resolve();
    const kinds = (await Promise.all(pushes)).map(({ kind }) => kind);
    expect(await rig.level()).toBe(kinds.filter((kind) => kind === "done").length);
    expect(kinds.filter((kind) => kind === "retry")).toHaveLength(96);
  });
});

describe("handle()", () => {
  it("of a user who pushes without end wait, and those of other users do not", async () => {
    await using slow = await ActionRig.open({ perSecond: 0.1, burst: 3 });
    slow.actions.handle(Raise, ({ by }) => by);
    const push = (n: number, user = ada): ReturnType<ActionRig["push"]> =>
      slow.push(Raise.name, body, { client: `${user.id} ${n}`, user });
    const kinds = await Promise.all([1, 2, 3, 4, 5].map(async (n) => (await push(n)).kind));
    expect(kinds).toEqual(["done", "done", "done", "retry", "retry"]);
    expect(await push(6)).toMatchObject({ kind: "retry", code: "CLIENT_OVERLOAD" });
    expect(await push(1, { ...ada, id: "bob" })).toMatchObject({ kind: "done" });
    // Those who are not logged in have their own bounds, and one of all together.
    const visitor = (n: number): typeof ada => ({ id: `device:${n}`, name: "anonymous", groups: [], anonymous: true });
    const visits = await Promise.all(
      Array.from({ length: 32 }, async (_, n) => (await push(n, visitor(Math.floor(n / 2)))).kind),
    );
    expect(visits.filter((kind) => kind === "done")).toHaveLength(30);
  });

  it("refuses an invalid handler", () => {
    handleRaise();
    expect(() => handleRaise()).toThrow(expect.objectContaining({ code: "ACTION_ALREADY_HANDLED" }));
    const foreign = defineAction("peek_plugin_valve.Open", {});
    expect(() => rig.actions.handle(foreign, () => undefined)).toThrow(
      expect.objectContaining({ code: "CONTRACT_INVALID" }),
    );
    const without = rig.server.forPlugin(plugin, () => rig.phase, rig.logger, undefined, ["field"]);
    expect(() => without.handle(foreign, () => undefined)).toThrow(
      expect.objectContaining({ code: "ACTION_NEEDS_STORAGE" }),
    );
  });
});

describe("an update of the plugin", () => {
  const never = new AbortController().signal;

  it(
    "loses no action, executes none twice, and never reports one as unknown, whenever devices push",
    { timeout: 60_000 },
    async () => {
      handleRaise();
      const devices = 4;
      const over = new AbortController();
      const codes = new Set<string>();
      const pushing = Array.from({ length: devices }, async (_, index) => {
        let sequence = 1;
        while (!over.signal.aborted) {
          const client = `updated-${index}`;
          const outcome = await push({ client, sequence, after: sequence - 1, acknowledged: sequence - 1 });
          if (outcome.kind === "done") sequence += 1;
          else if (outcome.kind === "retry") codes.add(outcome.code);
          else throw new Error(JSON.stringify(outcome));
          await wait(Math.random() * 5);
        }
        return sequence - 1;
      });
      for (let cycle = 0; cycle < 20; cycle += 1) {
        await wait(Math.random() * 10);
        const suspension = await rig.server.suspend(plugin, never);
        await rig.stopPlugin();
        await wait(Math.random() * 10);
        handleRaise();
        suspension[Symbol.dispose]();
      }
      over.abort();
      const executed = await Promise.all(pushing);
      expect(codes).not.toContain("ACTION_UNKNOWN");
      expect(await rig.level()).toBe(executed.reduce((sum, each) => sum + each, 0));
    },
  );

  it("waits for actions that are executed, and has others tried again after 2 s", async () => {
    const gate = Promise.withResolvers<void>();
    let runs = 0;
    handleRaise(async () => {
      runs += 1;
      await gate.promise;
    });
    const first = push();
    await until("it runs", () => runs === 1);
    let isSuspended = false;
    const suspending = rig.server.suspend(plugin, never).finally(() => (isSuspended = true));
    expect(await push({ lane: "other" })).toMatchObject({ kind: "retry", code: "PLUGIN_UPDATING", afterMs: 500 });
    expect([runs, isSuspended]).toEqual([1, false]);
    gate.resolve();
    const suspension = await suspending;
    expect(await first).toMatchObject({ kind: "done", result: "1" });
    await rig.stopPlugin();
    // The new version does not handle it.
    const waiting = push({ lane: "other" });
    await until("it waits", () => rig.server.size === 1);
    suspension[Symbol.dispose]();
    expect(await waiting).toMatchObject({ kind: "retry", code: "ACTION_UNKNOWN" });
  });

  it("does not wait for an action longer than its signal", async () => {
    let runs = 0;
    handleRaise(async () => {
      runs += 1;
      await new Promise(() => undefined);
    });
    const first = push();
    await until("it runs", () => runs === 1);
    const suspension = await rig.server.suspend(plugin, AbortSignal.timeout(10));
    const second = push({ lane: "other" });
    await until("it waits", () => rig.server.size === 2);
    await rig.stopPlugin();
    expect(await first).toMatchObject({ kind: "retry" });
    handleRaise();
    suspension[Symbol.dispose]();
    expect(await second).toMatchObject({ kind: "done", result: "1" });
  });
});
