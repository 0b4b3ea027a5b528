import type { ObservableProvider } from "@peek/plugin-base";
import { TupleSelector } from "@peek/plugin-base/contracts";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { MemoryHarness } from "@peek/vortex/testing";
import { caught, codeOf, until } from "@peek/kit/testing";
import { FieldProcess } from "./FieldProcess.ts";
import { LogicProcess, type LogicProcessOptions } from "./LogicProcess.ts";
import { type Pump, pumpsOf, pumpTuple } from "./pumps.ts";
import { TestTables } from "./TestTables.ts";

let owned: AsyncDisposableStack;
let harness: MemoryHarness;

beforeEach(() => {
  owned = new AsyncDisposableStack();
  harness = new MemoryHarness();
});

afterEach(async () => {
  await owned.disposeAsync();
});

async function startLogic(options?: LogicProcessOptions): Promise<LogicProcess> {
  return owned.use(new LogicProcess(await harness.join("logic"), options));
}

async function startField(lingerMs?: number): Promise<FieldProcess> {
  return owned.use(new FieldProcess(await harness.join("field"), lingerMs));
}

const user = { id: "a", name: "Anna", groups: [], anonymous: false };
const bob = { ...user, id: "b", name: "Bob" };
const never = new AbortController().signal;

/** Pumps that a test changes, and how often they were asked for. */
class Pumps {
  rows: Pump[];
  loads = 0;
  /** Each run waits for this promise. */
  gate: Promise<void> = Promise.resolve();
  error: Error | undefined;

  constructor(count: number) {
    this.rows = pumpsOf(count);
  }

  readonly load = async (): Promise<Pump[]> => {
    this.loads += 1;
    const { rows } = this;
    await this.gate;
    if (this.error !== undefined) throw this.error;
    return rows.map((row) => ({ ...row }));
  };

  set(id: number, speed: number): void {
    this.rows = this.rows.map((row) => (row.id === id ? { ...row, speed } : row));
  }
}

describe("watchers", () => {
  it("receive the tuples and each change, by one load() for all of them", async () => {
    const logic = await startLogic();
    const [one, two] = [await startField(), await startField()];
    const pumps = new Pumps(1000);
    const observable = logic.observables.provide(pumpTuple, { load: pumps.load });
    const watchers = [one, one, one, two, two].map((field) => field.watch());
    await until("all have it", () => watchers.every(({ rows }) => rows.size === 1000));
    expect(pumps.loads).toBe(1);
    pumps.set(500, 7);
    observable.notify();
    await until("all see it", () => watchers.every(({ tuples }) => JSON.stringify(tuples).includes('"speed":7')));
    expect(pumps.loads).toBe(2);
    for (const { tuples, kinds, texts } of watchers) {
      expect(tuples).toEqual(pumps.rows);
      expect(kinds).toBe("sd");
      expect(texts[1]?.length).toBeLessThan(300);
    }
    // Made once for all whom a service tells.
    const at = { epoch: "elsewhere", offset: 1 };
    expect(watchers[0]?.channel.catchUp(at)[0]).toBe(watchers[1]?.channel.catchUp(undefined)[0]);
    // The observable sends nothing when no tuple has changed.
    observable.notify({});
    await until("it has run", () => pumps.loads === 3);
    observable.notify({ other: 1 });
    pumps.rows.push({ id: 1000, name: "New", speed: 0 });
    observable.notify();
    await until("all see it", () => watchers.every(({ rows }) => rows.size === 1001));
    expect(watchers.map(({ kinds }) => kinds)).toEqual(["sdd", "sdd", "sdd", "sdd", "sdd"]);
  });

  it("cost one load() for all changes that come while another one runs", async () => {
    const logic = await startLogic();
    const field = await startField();
    const pumps = new Pumps(3);
    const observable = logic.observables.provide(pumpTuple, { load: pumps.load });
    const watcher = field.watch();
    await until("it is there", () => watcher.rows.size === 3);
    const gate = Promise.withResolvers<void>();
    pumps.gate = gate.promise;
    observable.notify();
    await until("it runs", () => pumps.loads === 2);
    for (let speed = 1; speed <= 100; speed += 1) {
      pumps.set(1, speed);
      observable.notify();
    }
    gate.resolve();
    await until("it is seen", () => watcher.channel.isLive && JSON.stringify(watcher.tuples).includes("100"));
    expect(pumps.loads).toBe(3);
    // Nothing is left over.
    logic.server.demand(new TupleSelector(pumpTuple.name, {}).canonical(), "");
    await until("it has run", () => pumps.loads > 3 && watcher.kinds.endsWith("dd"));
    expect(pumps.loads).toBe(4);
  });

  it("receive a merged delta, `unchanged` or a snapshot when they come back, whichever is right and short", async () => {
    const logic = await startLogic();
    const field = await startField();
    const pumps = new Pumps(1000);
    const observable = logic.observables.provide(pumpTuple, { load: pumps.load });
    const stays = field.watch();
    await until("it is there", () => stays.rows.size === 1000);
    const start = stays.at;
    if (start === undefined) throw new Error("It is nowhere");
    for (let speed = 1; speed <= 5; speed += 1) {
      pumps.set(speed % 2, speed);
      pumps.rows.splice(10, 1);
      observable.notify();
      await until("it is seen", () => stays.rows.size === 1000 - speed);
    }
    const merged = stays.channel.catchUp(start);
    expect(merged).toHaveLength(1);
    expect(JSON.parse(merged[0]?.text ?? "")).toEqual({
      t: "d",
      c: stays.channel.number,
      e: start.epoch,
      f: start.offset,
      o: stays.at?.offset,
      r: ["10", "11", "12", "13", "14"],
      u: [pumps.rows[1], pumps.rows[0]],
    });
    expect(stays.channel.catchUp(start)[0]).toBe(merged[0]);
    expect(stays.channel.catchUp(stays.at)).toEqual([]);
    const elsewhere = { epoch: "elsewhere", offset: 3 };
    expect(stays.channel.catchUp({ ...elsewhere, digest: stays.digest })[0]?.text).toMatch(/^\{"t":"u"/);
    expect(stays.channel.catchUp({ ...elsewhere, digest: "x" })[0]?.text).toMatch(/^\{"t":"s"/);
    expect(stays.channel.catchUp(elsewhere)[0]?.text).toMatch(/^\{"t":"s"/);
    // Another service, which begins to follow now, knows the way as well.
    const other = await startField();
    const arrives = other.watch();
    await until("it is there", () => arrives.channel.isLive);
    arrives.rows = new Map();
    expect(JSON.parse(arrives.channel.catchUp(start)[0]?.text ?? "")).toMatchObject({
      t: "d",
      f: start.offset,
      r: ["10", "11", "12", "13", "14"],
    });
  });

  it("never see tuples of another scope", async () => {
    const logic = await startLogic();
    const field = await startField();
    const scopes: string[] = [];
    logic.observables.provide(pumpTuple, {
      authorize: ({ user: { id } }) => id !== "c",
      scope: ({ user: { id } }) => id,
      load: (_, { scope }) => {
        scopes.push(scope);
        return [{ id: 1, name: scope }];
      },
    });
    const selector = new TupleSelector(pumpTuple.name, {});
    const asks = [user, bob, { ...user, id: "c" }].map((each) => field.logic.admit(each.id, selector, never));
    const [ofAnna, ofBob, ofThird] = await Promise.all(asks);
    expect(ofAnna).toEqual({ ok: true, scope: "a", guarded: true });
    expect(ofBob).toEqual({ ok: true, scope: "b", guarded: true });
    expect(ofThird).toMatchObject({ ok: false, code: "FORBIDDEN" });
    const watchers = ["a", "b", "a"].map((scope) => field.watch({}, scope, true, scope));
    await until("all have it", () => watchers.every(({ rows }) => rows.size === 1));
    expect(watchers.map(({ tuples }) => tuples)).toEqual(
      ["a", "b", "a"].map((scope) => [{ id: 1, name: scope, speed: 0 }]),
    );
    expect(scopes.toSorted()).toEqual(["a", "b"]);
    // Nothing of what A has been sent is of use to B.
    const [a, b] = watchers;
    expect(b?.channel.catchUp(a?.at)[0]?.text).toContain('"name":"b"');
    expect(a?.channel.number).not.toBe(b?.channel.number);
  });

  it("leave no channel, stream or memory behind", async () => {
    const logic = await startLogic({ lingerMs: 20 });
    const field = await startField(20);
    const pumps = new Pumps(100);
    const provided = logic.observables.provide(pumpTuple, { selector: z.object({ site: z.int() }), load: pumps.load });
    const watchers = Array.from({ length: 50 }, (_, site) => field.watch({ site }));
    await until("all have it", () => watchers.every(({ rows }) => rows.size === 100));
    pumps.set(1, 1);
    provided.notify();
    await until("all see it", () => watchers.every(({ kinds }) => kinds === "sd"));
    expect(logic.server.statistics()).toMatchObject({ channels: 50, followers: 50, observables: 1 });
    expect(field.statistics()).toMatchObject({ channels: 50, followedChannels: 50 });
    expect(logic.server.statistics().historyChars).toBeGreaterThan(0);
    for (const watcher of watchers) watcher[Symbol.dispose]();
    for (const watcher of watchers) watcher[Symbol.dispose]();
    await until("nobody follows", () => logic.server.statistics().channels === 0);
    expect(logic.server.statistics()).toMatchObject({ followers: 0, historyChars: 0 });
    expect(field.statistics()).toEqual({ channels: 0, followedChannels: 0, closingChannels: 0, historyChars: 0 });
    await until("no streams", () => logic.vortex.statistics().streamsOut === 1);
    // The one left is that of rights.
    await expect.poll(() => field.vortex.statistics()).toMatchObject({ streamsIn: 1, pending: 1, waiting: 0 });
    // A watcher that comes back within the time finds all of it.
    const first = field.watch({ site: 1 });
    await until("it is there", () => first.rows.size === 100);
    first[Symbol.dispose]();
    const { loads } = pumps;
    const second = field.watch({ site: 1 });
    expect(second.rows.size).toBe(100);
    expect(pumps.loads).toBe(loads);
  });
});

describe("logic that has restarted", () => {
  it("is followed again, and watchers receive only the differences", async () => {
    const first = await startLogic();
    const field = await startField();
    const pumps = new Pumps(1000);
    first.observables.provide(pumpTuple, { load: pumps.load });
    const watcher = field.watch();
    await until("it is there", () => watcher.channel.isLive);
    const before = watcher.at;
    await first.kill();
    await until("it is stale", () => !watcher.channel.isLive && field.logic.staleness !== undefined);
    expect(watcher.rows.size).toBe(1000);
    pumps.set(3, 9);
    const second = await startLogic();
    second.observables.provide(pumpTuple, { load: pumps.load });
    await until("it is live", () => watcher.channel.isLive && field.logic.staleness === undefined);
    expect(watcher.kinds).toBe("sd");
    expect(watcher.messages[1]).toMatchObject({ t: "d", fe: before?.epoch, f: before?.offset, u: [pumps.rows[3]] });
    expect(watcher.at?.epoch).not.toBe(before?.epoch);
    expect(watcher.tuples).toEqual(pumps.rows);
    // And again, with nothing that is different: nobody is sent any tuple.
    await second.kill();
    await until("it is stale", () => !watcher.channel.isLive);
    const third = await startLogic();
    third.observables.provide(pumpTuple, { load: pumps.load });
    await until("it is live", () => watcher.channel.isLive);
    expect(watcher.texts.at(-1)?.length).toBeLessThan(150);
    expect(watcher.tuples).toEqual(pumps.rows);
  });

  it("is awaited by questions who may watch, until they are aborted", async () => {
    const field = await startField();
    const selector = new TupleSelector(pumpTuple.name, {});
    const impatient = new AbortController();
    const given = field.logic.admit(user.id, selector, impatient.signal);
    const patient = field.logic.admit(user.id, selector, never);
    impatient.abort(new Error("enough"));
    await expect(given).rejects.toThrow("enough");
    await expect(field.logic.admit(user.id, selector, impatient.signal)).rejects.toThrow("enough");
    const logic = await startLogic();
    logic.observables.provide(pumpTuple, { load: () => [] });
    expect(await patient).toEqual({ ok: true, scope: "", guarded: false });
  });
});

describe("a provider", () => {
  it("that fails is called again, while watchers keep their tuples", async () => {
    const logic = await startLogic();
    const field = await startField();
    const pumps = new Pumps(2);
    pumps.error = new Error("The secret is 42");
    const observable = logic.observables.provide(pumpTuple, { load: pumps.load });
    const watcher = field.watch();
    await until("it is known", () => watcher.channel.trouble !== undefined);
    expect(watcher.channel).toMatchObject({ isLive: false, position: undefined, key: ["id"] });
    expect(watcher.channel.trouble?.code).toBe("OBSERVABLE_LOAD_FAILED");
    expect(watcher.channel.trouble?.message).not.toContain("secret");
    expect(logic.log.lines.filter((line) => line.includes("The secret is 42"))).toHaveLength(1);
    pumps.error = undefined;
    await until("it works", () => watcher.channel.isLive);
    expect(watcher.channel.trouble).toBeUndefined();
    pumps.error = new Error("Again");
    observable.notify();
    const { loads } = pumps;
    await until("it has failed", () => pumps.loads > loads);
    pumps.error = undefined;
    pumps.set(1, 5);
    await until("it works by itself", () => watcher.kinds === "sd");
    expect(watcher.tuples).toEqual(pumps.rows);
  });

  it.each([
    ["a value that is not a list", () => 5, "must return a list"],
    ["a tuple that does not match the schema", () => [{ id: "x", name: "" }], "does not match its schema"],
    ["two tuples with one key", () => [...pumpsOf(1), ...pumpsOf(1)], "two tuples with the key"],
    ["too many tuples", () => pumpsOf(11), "Make the selector select less"],
    ["too many bytes", () => [{ id: 1, name: "x".repeat(17_000_000) }], "Make the selector select less"],
    [
      "too many bytes because of escapes",
      () => [{ id: 1, name: '"'.repeat(6_000_000) }],
      "Make the selector select less",
    ],
  ])("that returns %s fails with a reason for its watchers", async (_, load, why) => {
    const logic = await startLogic();
    const field = await startField();
    logic.observables.provide(pumpTuple, { maxTuples: 10, load: load as () => Pump[] });
    const watcher = field.watch();
    await until("it is known", () => watcher.channel.trouble !== undefined);
    expect(watcher.channel.trouble).toMatchObject({
      code: "OBSERVABLE_LOAD_FAILED",
      message: expect.stringContaining(why) as string,
    });
    expect(logic.log.lines.join("\n")).toContain(why);
  });

  it("is followed when it comes later than its watchers, and left when its plugin stops", async () => {
    const logic = await startLogic();
    const field = await startField();
    const watcher = field.watch();
    await until("it is known", () => watcher.channel.trouble?.code === "OBSERVABLE_UNKNOWN");
    const pumps = new Pumps(2);
    logic.observables.provide(pumpTuple, { load: pumps.load });
    await until("it is there", () => watcher.channel.isLive);
    const gate = Promise.withResolvers<void>();
    const signals: AbortSignal[] = [];
    await logic.stack.disposeAsync();
    await until("it is known", () => watcher.channel.trouble?.code === "OBSERVABLE_UNKNOWN");
    expect(watcher.channel.isLive).toBe(false);
    expect(watcher.rows.size).toBe(2);
    logic.stack = new AsyncDisposableStack();
    logic.observables.provide(pumpTuple, {
      load: async (_selector, { signal }) => {
        signals.push(signal);
        await gate.promise;
        return [];
      },
    });
    await until("it runs", () => signals.length === 1);
    const stopped = logic.stack.disposeAsync();
    expect(signals[0]?.aborted).toBe(true);
    gate.resolve();
    await stopped;
    expect(logic.server.statistics()).toMatchObject({ observables: 0, channels: 0, followers: 0 });
  });

  it("is refused when it is invalid", async () => {
    const logic = await startLogic({ hasStorage: false });
    const load = (): Pump[] => [];
    const provide = (provider: ObservableProvider<unknown, z.ZodType>): (() => unknown) => {
      return () => logic.observables.provide(pumpTuple, provider);
    };
    expect(await codeOf(provide({ load, tables: ["pump"] }))).toBe("OBSERVABLE_NEEDS_STORAGE");
    expect(await codeOf(provide({ load, rightsTables: ["pump"] }))).toBe("OBSERVABLE_NEEDS_STORAGE");
    expect(await codeOf(provide({ load, maxTuples: 0 }))).toBe("CONTRACT_INVALID");
    expect(await codeOf(provide({ load: 5 as never }))).toBe("CONTRACT_INVALID");
    expect(await codeOf(provide({ load, scope: "a" as never }))).toBe("CONTRACT_INVALID");
    expect(await codeOf(provide({ load, tables: "pump" as never }))).toBe("CONTRACT_INVALID");
    const foreign = { ...pumpTuple, name: "peek_plugin_other.Pump", plugin: "peek_plugin_other" };
    expect(await codeOf(() => logic.observables.provide(foreign, { load }))).toBe("CONTRACT_INVALID");
    expect(await codeOf(() => logic.observables.notify(foreign))).toBe("CONTRACT_INVALID");
    const provided = logic.observables.provide(pumpTuple, { load });
    expect(await codeOf(provide({ load }))).toBe("OBSERVABLE_ALREADY_PROVIDED");
    await provided[Symbol.asyncDispose]();
    logic.observables.provide(pumpTuple, { load });
    await logic.stack.disposeAsync();
    expect(await codeOf(provide({ load }))).toBe("PLUGIN_RELEASED");
  });
});

describe("changed tables", () => {
  it("have the channels loaded again that affects() selects", async () => {
    const tables = new TestTables();
    tables.isUp = false;
    const logic = await startLogic({ changes: () => (tables.tries > 0 ? tables : (tables.tries++, undefined)) });
    const field = await startField();
    const loads = new Map<number, number>();
    logic.observables.provide(pumpTuple, {
      tables: ["pump"],
      selector: z.object({ site: z.int() }),
      affects: (change, { site }) => {
        if (site === 3) throw new Error("broken");
        return (change.rows ?? []).some((row) => row["site"] === site);
      },
      load: ({ site }) => {
        loads.set(site, (loads.get(site) ?? 0) + 1);
        return pumpsOf(1);
      },
    });
    const watchers = [1, 2, 3].map((site) => field.watch({ site }));
    await until("all are live", () => watchers.every(({ channel }) => channel.isLive));
    expect([...loads.values()]).toEqual([1, 1, 1]);
    tables.isUp = true;
    // Logic does not miss changes from the time before it could follow the tables.
    await until("all have run again", () => [...loads.values()].every((count) => count === 2));
    expect(tables.rows).toBe(true);
    tables.commit({ table: "pump", operation: "update", rows: [{ site: 2 }] });
    await until("they have run", () => loads.get(2) === 3 && loads.get(3) === 3);
    tables.commit({ table: "valve", operation: "update", rows: [{ site: 1 }] });
    tables.commit({ table: "pump", operation: "truncate", rows: undefined });
    await until("all have run", () => loads.get(1) === 3 && loads.get(2) === 4 && loads.get(3) === 4);
    expect(logic.log.lines.filter((line) => line.includes("broken"))).toHaveLength(1);
    await logic.stack.disposeAsync();
    expect(tables.watches).toBe(0);
  });

  it("of rights have all watchers admitted again", async () => {
    const tables = new TestTables();
    const logic = await startLogic({ changes: () => tables });
    const field = await startField();
    const notified: string[] = [];
    field.onRightsChanged((observable) => notified.push(observable));
    let isAllowed = true;
    const provided = logic.observables.provide(pumpTuple, {
      rightsTables: ["pump_right"],
      authorize: () => isAllowed,
      load: () => [],
    });
    const selector = new TupleSelector(pumpTuple.name, {});
    await until("it is reported", () => notified.length > 0);
    expect(await field.logic.admit(user.id, selector, never)).toMatchObject({ ok: true });
    isAllowed = false;
    const { length } = notified;
    tables.commit({ table: "pump_right", operation: "delete", rows: undefined });
    await until("it is reported", () => notified.length > length);
    expect(await field.logic.admit(user.id, selector, never)).toMatchObject({ ok: false, code: "FORBIDDEN" });
    provided.rightsChanged();
    await until("it is reported", () => notified.length > length + 1);
    // Field does not know the changes from the time while logic was away.
    await logic.kill();
    await until("it is away", () => field.logic.staleness !== undefined);
    const before = notified.length;
    const second = await startLogic();
    second.observables.provide(pumpTuple, { authorize: () => true, load: () => [] });
    await until("it is reported", () => notified.length > before);
    expect(new Set(notified)).toEqual(new Set([pumpTuple.name]));
  });
});

describe("admit()", () => {
  it("refuses unknown observables, invalid selectors and failures, and sends many questions in one call", async () => {
    const logic = await startLogic();
    const field = await startField();
    let asked = 0;
    logic.observables.provide(pumpTuple, {
      selector: z.object({ site: z.int() }),
      authorize: ({ user: { id } }) => {
        asked += 1;
        if (id === "b") throw new Error("The secret is 43");
        return true;
      },
      scope: ({ user: { id } }) => (id === "c" ? "x".repeat(201) : "s"),
      load: () => [],
    });
    const site = new TupleSelector(pumpTuple.name, { site: 1 });
    const ask = (selector: TupleSelector, who = user): Promise<unknown> => field.logic.admit(who.id, selector, never);
    expect(await ask(new TupleSelector("peek_plugin_other.Pump", {}))).toMatchObject({ code: "OBSERVABLE_UNKNOWN" });
    expect(await ask(new TupleSelector(pumpTuple.name, { site: "x" }))).toMatchObject({ code: "DATA_INVALID" });
    const failed = await ask(site, bob);
    expect(failed).toMatchObject({ ok: false, code: "OBSERVABLE_LOAD_FAILED" });
    expect(JSON.stringify(failed)).not.toContain("secret");
    expect(logic.log.lines.join("\n")).toContain("The secret is 43");
    expect(await ask(site, { ...user, id: "c" })).toMatchObject({ ok: false });
    asked = 0;
    const all = Array.from({ length: 2500 }, (_, index) => ask(site, { ...user, id: `d${index % 1250}` }));
    expect(new Set((await Promise.all(all)).map((each) => JSON.stringify(each)))).toEqual(
      new Set(['{"ok":true,"scope":"s","guarded":true}']),
    );
    expect(asked).toBe(1250);
  });

  it("is served to field and office only", async () => {
    const logic = await startLogic();
    logic.observables.provide(pumpTuple, { load: () => [] });
    const agent = owned.use(new FieldProcess(await harness.join("agent")));
    const watcher = agent.watch();
    await until("it is refused", () => watcher.channel.trouble?.code === "FORBIDDEN");
    const selector = new TupleSelector(pumpTuple.name, {});
    expect(await agent.logic.admit(user.id, selector, never)).toMatchObject({ ok: false, code: "FORBIDDEN" });
  });
});

describe("demand()", () => {
  it("moves a channel to a position that shows all that is committed, even when nothing has changed", async () => {
    const logic = await startLogic();
    const field = await startField();
    const pumps = new Pumps(2);
    const observable = logic.observables.provide(pumpTuple, { load: pumps.load });
    const canonical = new TupleSelector(pumpTuple.name, {}).canonical();
    expect(logic.server.demand(canonical, "")).toBeNull();
    const watcher = field.watch();
    await until("it is there", () => watcher.channel.isLive);
    expect(logic.server.demand(canonical, "other")).toBeNull();
    const first = logic.server.demand(canonical, "");
    await until("it is there", () => watcher.at?.offset === first?.offset);
    expect(watcher.kinds).toBe("sd");
    // A run under way may have begun before what is to be shown.
    const gate = Promise.withResolvers<void>();
    pumps.gate = gate.promise;
    observable.notify();
    await until("it runs", () => pumps.loads === 3);
    pumps.set(1, 8);
    const second = logic.server.demand(canonical, "");
    expect(second).toEqual({ epoch: watcher.at?.epoch, offset: 4 });
    expect(logic.server.demand(canonical, "")).toEqual(second);
    gate.resolve();
    await until("it is there", () => watcher.at?.offset === 4);
    expect(watcher.tuples).toEqual(pumps.rows);
    // A run that fails is none.
    pumps.error = new Error("no");
    const third = logic.server.demand(canonical, "");
    await until("it has failed", () => pumps.loads === 5);
    pumps.error = undefined;
    await until("it is beyond", () => (watcher.at?.offset ?? 0) > (third?.offset ?? 0));
  });
});

describe("demand() while a demanded run is under way", () => {
  it("moves the channel to both positions, even when nothing has changed", async () => {
    const logic = await startLogic();
    const field = await startField();
    const pumps = new Pumps(2);
    logic.observables.provide(pumpTuple, { load: pumps.load });
    const canonical = new TupleSelector(pumpTuple.name, {}).canonical();
    const watcher = field.watch();
    await until("it is there", () => watcher.channel.isLive);
    const gate = Promise.withResolvers<void>();
    pumps.gate = gate.promise;
    expect(logic.server.demand(canonical, "")?.offset).toBe(2);
    await until("it runs", () => pumps.loads === 2);
    const second = logic.server.demand(canonical, "");
    expect(second?.offset).toBe(3);
    gate.resolve();
    await until("both are there", () => watcher.at?.offset === 3);
  });
});

describe("hold()", () => {
  it("delays the next load of a channel, but not for long", async () => {
    const logic = await startLogic();
    const field = await startField();
    const pumps = new Pumps(2);
    const observable = logic.observables.provide(pumpTuple, { load: pumps.load });
    const canonical = new TupleSelector(pumpTuple.name, {}).canonical();
    expect(logic.server.hold(canonical, "")).toBeUndefined();
    const watcher = field.watch();
    await until("it is there", () => watcher.channel.isLive);
    const hold = logic.server.hold(canonical, "");
    observable.notify();
    const demanded = logic.server.demand(canonical, "");
    hold?.[Symbol.dispose]();
    await until("it is there", () => watcher.at?.offset === demanded?.offset);
    // One run for both.
    expect(pumps.loads).toBe(2);
    using _forgotten = logic.server.hold(canonical, "");
    pumps.set(1, 5);
    observable.notify();
    await until("it has run all the same", () => JSON.stringify(watcher.tuples).includes("5"));
  });
});

describe("a channel that cannot be followed", () => {
  it("reports its trouble, and keeps the tuples of its watchers", async () => {
    const first = await startLogic();
    const field = await startField();
    first.observables.provide(pumpTuple, { selector: z.object({ site: z.int() }), load: () => pumpsOf(2) });
    const wrong = field.watch({ site: "x" });
    await until("it is reported", () => wrong.channel.trouble?.code === "DATA_INVALID");
    const watcher = field.watch({ site: 1 });
    await until("it is there", () => watcher.channel.isLive);
    await first.kill();
    await until("it is stale", () => !watcher.channel.isLive);
    expect(watcher.rows.size).toBe(2);
  });

  it("is begun anew where the provider of another version has another key", async () => {
    const first = await startLogic();
    const field = await startField();
    first.observables.provide(pumpTuple, { load: () => pumpsOf(2) });
    const watcher = field.watch();
    await until("it is there", () => watcher.channel.isLive);
    await first.kill();
    await until("it is stale", () => !watcher.channel.isLive);
    const second = await startLogic();
    second.observables.provide({ ...pumpTuple, key: ["id", "name"] }, { load: () => pumpsOf(3) });
    await until("it is live", () => watcher.channel.isLive);
    expect(watcher.channel).toMatchObject({ key: ["id", "name"], trouble: undefined });
    expect(watcher.kinds).toBe("ss");
    expect(watcher.rows.size).toBe(3);
  });
});

describe("a channel registry that is disposed", () => {
  it("refuses to open channels", async () => {
    const field = await startField();
    await field.channels[Symbol.asyncDispose]();
    await field.logic[Symbol.asyncDispose]();
    const selector = new TupleSelector(pumpTuple.name, {});
    expect((await caught(() => field.watch())).code).toBe("VORTEX_CLOSED");
    expect(await codeOf(field.logic.admit(user.id, selector, never))).toBe("VORTEX_CLOSED");
  });
});
