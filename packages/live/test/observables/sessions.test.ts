import type { PluginRpc } from "@peek/plugin-base";
import { defineTuple, TupleSelector } from "@peek/plugin-base/contracts";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { type ChannelUpdate, ObservablesRpc } from "../../src/rpc/ObservablesRpc.ts";
import { Vortex } from "@peek/vortex";
import { MemoryHarness, plugin } from "@peek/vortex/testing";
import { TestLog, until } from "@peek/kit/testing";
import { FieldProcess } from "./FieldProcess.ts";
import { LogicProcess, type LogicProcessOptions } from "./LogicProcess.ts";
import { pumpsOf, pumpTuple } from "./pumps.ts";
import { TestSessions } from "./TestSessions.ts";

const officeTuple = defineTuple(`${plugin}.Office`, { id: z.int() }, { key: "id", services: ["office"] });
const selector = new TupleSelector(pumpTuple.name, {}).canonical();

let owned: AsyncDisposableStack;
let harness: MemoryHarness;
let sessions: TestSessions;

beforeEach(() => {
  owned = new AsyncDisposableStack();
  harness = new MemoryHarness();
  sessions = new TestSessions();
});

afterEach(async () => {
  await owned.disposeAsync();
});

async function startLogic(options: LogicProcessOptions = {}): Promise<LogicProcess> {
  return owned.use(new LogicProcess(await harness.join("logic"), { sessions, sessionCheckMs: 20, ...options }));
}

/** An attacker that has the token of a service, and sends arbitrary calls. */
async function thief(service: "field" | "office" | "worker" | "agent"): Promise<PluginRpc> {
  const joined = await harness.join(service);
  owned.use(joined.bus);
  const vortex = owned.use(new Vortex({ ...joined, logger: new TestLog() }));
  const stack = owned.use(new AsyncDisposableStack());
  return vortex.forPlugin("peek_core_platform", () => stack, new TestLog()).rpc;
}

interface Follow {
  readonly proof: string;
  readonly scope?: string;
  readonly guarded?: boolean;
  readonly selector?: string;
}

/** The updates of a channel until the snapshot, or to the end. */
async function updatesFor(rpc: PluginRpc, follow: Follow): Promise<readonly ChannelUpdate[]> {
  const updates: ChannelUpdate[] = [];
  const input = { selector, scope: "", guarded: true, ...follow };
  for await (const update of rpc.client(ObservablesRpc, { to: "logic", wait: true }).follow(input)) {
    updates.push(update);
    if (update.k === "snapshot") break;
  }
  return updates;
}

const admit = (rpc: PluginRpc, proof: string, of = selector) =>
  rpc.client(ObservablesRpc, { to: "logic", wait: true }).admit({ asks: [{ proof, selector: of }] });

describe("logic as a server of observables", () => {
  const rows = (scope: string): object[] => [{ id: 1, name: `of ${scope}`, speed: 0 }];

  it("sends a gateway the tuples that the session may see, and none of another session's", async () => {
    const logic = await startLogic();
    logic.observables.provide(pumpTuple, {
      authorize: ({ user }) => user.id !== "eve",
      scope: ({ user }) => user.id,
      load: (_, { scope }) => rows(scope),
    });
    const field = await thief("field");
    const anna = await updatesFor(field, { proof: "field:anna", scope: "anna" });
    expect(anna.map(({ k }) => k)).toEqual(["open", "snapshot"]);
    const lapsed = [{ k: "lapsed" }];
    // Bert's rows, in the name of Anna; of nobody; of a session of another site; of whom the plugin does not let in.
    expect(await updatesFor(field, { proof: "field:anna", scope: "bert" })).toEqual(lapsed);
    sessions.ended.add("bert");
    expect(await updatesFor(field, { proof: "bert", scope: "bert" })).toEqual(lapsed);
    expect(await updatesFor(field, { proof: "office:bert", scope: "bert" })).toEqual(lapsed);
    expect(await updatesFor(field, { proof: "field:eve", scope: "eve" })).toEqual(lapsed);
    // That a service was let in with it before counts for that service alone.
    expect(await updatesFor(await thief("office"), { proof: "field:anna", scope: "anna" })).toEqual(lapsed);
    expect(await admit(field, "office:anna")).toMatchObject([{ ok: false, code: "SESSION_ENDED" }]);
  });

  it("sends the tuples of an open observable only to valid sessions, and in no other scope", async () => {
    const logic = await startLogic();
    logic.observables.provide(pumpTuple, { load: () => pumpsOf(2) });
    sessions.ended.add("nobody");
    const field = await thief("field");
    const follow = { guarded: false };
    expect((await updatesFor(field, { ...follow, proof: "anna" })).at(-1)).toMatchObject({ k: "snapshot" });
    expect(await updatesFor(field, { ...follow, proof: "nobody" })).toEqual([{ k: "lapsed" }]);
    expect(await updatesFor(field, { ...follow, proof: "anna", scope: "x" })).toEqual([{ k: "lapsed" }]);
  });

  it("serves no observable to a service that it is not defined for, or that its plugin has no part for", async () => {
    const logic = await startLogic({ services: ["office"] });
    logic.observables.provide(officeTuple, { load: () => [{ id: 1 }] });
    logic.observables.provide(pumpTuple, { load: () => pumpsOf(1) });
    const office = new TupleSelector(officeTuple.name, {}).canonical();
    const field = await thief("field");
    for (const each of [office, selector]) {
      await expect(updatesFor(field, { proof: "anna", guarded: false, selector: each })).rejects.toThrow(
        "does not provide",
      );
      expect(await admit(field, "anna", each)).toMatchObject([{ ok: false, code: "OBSERVABLE_UNKNOWN" }]);
      const updates = await updatesFor(await thief("office"), { proof: "anna", guarded: false, selector: each });
      expect(updates.at(-1)).toMatchObject({ k: "snapshot" });
    }
  });

  it.each(["worker", "agent"] as const)("serves nothing to a service with the token of %s", async (service) => {
    const logic = await startLogic();
    logic.observables.provide(pumpTuple, { load: () => pumpsOf(1) });
    const rpc = await thief(service);
    const forbidden = expect.objectContaining({ code: "FORBIDDEN" });
    await expect(updatesFor(rpc, { proof: "anna", guarded: false })).rejects.toEqual(forbidden);
    await expect(admit(rpc, "anna")).rejects.toEqual(forbidden);
  });

  it("asks a plugin once whether an admitted session may follow, until rights change", async () => {
    const logic = await startLogic();
    let asked = 0;
    const provided = logic.observables.provide(pumpTuple, {
      authorize: () => {
        asked += 1;
        return true;
      },
      load: () => pumpsOf(1),
    });
    const field = await thief("field");
    await admit(field, "anna");
    await updatesFor(field, { proof: "anna" });
    expect(asked).toBe(1);
    provided.rightsChanged();
    await updatesFor(field, { proof: "anna" });
    expect(asked).toBe(2);
  });

  it("ends a stream with its session", async () => {
    const logic = await startLogic();
    const provided = logic.observables.provide(pumpTuple, { scope: () => "x", load: () => pumpsOf(1) });
    const field = await thief("field");
    const client = field.client(ObservablesRpc, { to: "logic", wait: true });
    const updates = client.follow({ selector, scope: "x", guarded: true, proof: "anna" })[Symbol.asyncIterator]();
    expect((await updates.next()).value).toMatchObject({ k: "open" });
    expect((await updates.next()).value).toMatchObject({ k: "snapshot" });
    sessions.ended.add("anna");
    expect((await updates.next()).value).toEqual({ k: "lapsed" });
    expect((await updates.next()).done).toBe(true);
    provided.notify();
    await until("nobody follows", () => logic.server.statistics().followers === 0);
  });
});

describe("a channel with several watchers", () => {
  it("goes on without a break when the session ends on whose behalf it is followed", async () => {
    const logic = await startLogic();
    let speed = 0;
    const provided = logic.observables.provide(pumpTuple, {
      scope: () => "x",
      load: () => pumpsOf(2).with(0, { id: 0, name: "first", speed }),
    });
    const field = owned.use(new FieldProcess(await harness.join("field")));
    const anna = field.watch({}, "x", true, "anna");
    await until("it is there", () => anna.channel.isLive);
    const bert = field.watch({}, "x", true, "bert");
    bert.states.length = 0;
    expect(sessions.asked).not.toContain("bert");
    // The field service may be late to know it: Anna watches still.
    sessions.ended.add("anna");
    await until("it is followed in the name of Bert", () => sessions.asked.has("bert"));
    speed = 3;
    provided.notify();
    await until("Bert sees it", () => bert.texts.at(-1)?.includes('"speed":3') === true);
    expect(bert.states).not.toContain(false);
    sessions.ended.add("bert");
    await until("nothing is followed any more", () => !bert.channel.isLive);
  });
});
