import { AsyncLocalStorage } from "node:async_hooks";
import { setImmediate } from "node:timers/promises";
import type { Payload, PayloadFilter, PeerIdentity, ServiceName } from "@peek/plugin-base";
import { defineRpc, defineTuple } from "@peek/plugin-base/contracts";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { DisconnectableBus } from "../rpc/DisconnectableBus.ts";
import { MemoryHarness } from "../rpc/MemoryHarness.ts";
import { RawPeer } from "../rpc/RawPeer.ts";
import { plugin, TestService } from "../rpc/TestService.ts";
import { caught, codeOf, until } from "@peek/kit/testing";

const levelTuple = defineTuple(`${plugin}.Level`, { pump: z.string(), at: z.date() }, { key: "pump" });
const otherTuple = defineTuple(`${plugin}.Other`, { id: z.int() }, { key: "id" });

const ping = defineRpc(`${plugin}.Ping`, { ping: {} });

let harness: MemoryHarness;
let services: TestService[];
let sender: TestService;
let receiver: TestService;

beforeEach(async () => {
  harness = new MemoryHarness();
  services = [];
  sender = await join("logic");
  receiver = await join("agent");
});

afterEach(async () => {
  for (const service of services) await service[Symbol.asyncDispose]();
});

async function join(name: ServiceName): Promise<TestService> {
  const { bus, member } = await harness.join(name);
  const service = new TestService(bus, member);
  services.push(service);
  return service;
}

/** Matches only its own filter. */
const last: PayloadFilter = { key: "last", plugin: "peek_plugin_last" };

/** Sends a payload to the receiver, and waits until it and all earlier ones are handled. */
async function send(filt: PayloadFilter): Promise<void> {
  await sender.plugin.payloads.send({ filt }, { to: "agent" });
  let isThere = false;
  using _last = receiver.plugin.payloads.endpoint(last, () => void (isThere = true));
  await sender.plugin.payloads.send({ filt: last }, { to: "agent" });
  await until("the last is there", () => isThere);
}

describe("a payload endpoint", () => {
  it("gets the payloads that match its whole filter, and no others", async () => {
    const got: string[] = [];
    const filters: PayloadFilter[] = [
      { key: "level" },
      { key: "level", pump: "p1" },
      { key: "level", pump: "p2" },
      { key: "level", high: true },
      { pump: "p1" },
      {},
      { plugin: "peek_plugin_valve" },
      { key: "level", plugin: "peek_plugin_valve" },
      { toString: "x" },
    ];
    for (const filter of filters) {
      receiver.plugin.payloads.endpoint(filter, () => void got.push(JSON.stringify(filter)));
    }
    await send({ key: "level", pump: "p1", high: false });
    expect(got).toEqual(['{"key":"level"}', '{"key":"level","pump":"p1"}', '{"pump":"p1"}', "{}"]);
    got.length = 0;
    await send({ key: "level", plugin: "peek_plugin_valve", high: true });
    expect(got).toEqual(['{"plugin":"peek_plugin_valve"}', '{"key":"level","plugin":"peek_plugin_valve"}']);
    got.length = 0;
    await send({ key: 1 });
    expect(got).toEqual(["{}"]);
  });

  it("gets the sender's identity and the checked tuples", async () => {
    const got: [Payload<{ pump: string; at: Date }>, PeerIdentity][] = [];
    receiver.plugin.payloads.endpoint({ key: "level" }, (...args) => void got.push(args), { tuple: levelTuple });
    const tuples = [{ pump: "p1", at: new Date(5) }];
    await sender.plugin.payloads.send({ filt: { key: "level" }, tuple: levelTuple, tuples }, { to: "agent" });
    await until("it is there", () => got.length === 1);
    expect(got).toEqual([[{ filt: { key: "level", plugin }, tuples }, sender.bus.self]]);
  });

  it("refuses other tuples and other services, and logs it once", async () => {
    let count = 0;
    const handle = (): void => void (count += 1);
    receiver.plugin.payloads.endpoint({ key: "a" }, handle, { tuple: levelTuple });
    receiver.plugin.payloads.endpoint({ key: "b" }, handle);
    receiver.plugin.payloads.endpoint({ key: "c" }, handle, { acceptOnlyFrom: ["field", "office"] });
    const tuples = [{ id: 1 }];
    for (const key of ["a", "b", "a", "b"]) {
      await sender.plugin.payloads.send({ filt: { key }, tuple: otherTuple, tuples }, { to: "agent" });
    }
    await send({ key: "a" });
    await send({ key: "c" });
    const raw = await RawPeer.join(harness, "logic");
    const header = `p{"key":"a","plugin":"${plugin}"}\t${levelTuple.name}\t`;
    raw.send(receiver.bus.self, `${header}[{"pump":5}]`, `${header}{`, `${header}{}`);
    await send({ key: "c" });
    expect(count).toBe(0);
    expect(receiver.log.lines.filter((line) => line.startsWith("warning"))).toHaveLength(4);
  });

  it("that fails is logged with its filter, and does not keep the payload from others", async () => {
    const got: string[] = [];
    const { payloads } = receiver.plugin;
    payloads.endpoint({ key: "a" }, () => {
      throw new Error("sync");
    });
    payloads.endpoint({ key: "a" }, () => Promise.reject(new Error("async")));
    payloads.endpoint({ key: "a" }, () => void got.push("c"));
    await send({ key: "a" });
    expect(got).toEqual(["c"]);
    expect(receiver.log.lines).toEqual([
      expect.stringMatching(/error: .*key: 'a'.*peek_plugin_pump failed to handle.*sync/s),
      expect.stringMatching(/error: .*async/s),
    ]);
  });

  it("ends when it is disposed, and with its plugin's phase", async () => {
    let count = 0;
    const { payloads } = receiver.plugin;
    const endpoint = payloads.endpoint({ key: "a" }, () => void (count += 1));
    payloads.endpoint({ key: "a" }, () => void (count += 1));
    await send({ key: "a" });
    expect(count).toBe(2);
    endpoint[Symbol.dispose]();
    endpoint[Symbol.dispose]();
    await send({ key: "a" });
    expect(count).toBe(3);
    await receiver.stack.disposeAsync();
    expect(receiver.vortex.statistics().endpoints).toBe(0);
    expect(await codeOf(() => payloads.endpoint({ key: "a" }, () => undefined))).toBe("PLUGIN_RELEASED");
  });

  it("runs 100 handlers at a time, queues further payloads in order, and drops those beyond the limit", async () => {
    let running = 0;
    let most = 0;
    const got: unknown[] = [];
    const gate = Promise.withResolvers<void>();
    receiver.plugin.payloads.endpoint({ key: "a" }, async ({ filt }) => {
      running += 1;
      most = Math.max(most, running);
      got.push(filt["n"]);
      await gate.promise;
      running -= 1;
    });
    const total = 100 + 10_000 + 5;
    for (let n = 0; n < total; n += 1) {
      await sender.plugin.payloads.send({ filt: { key: "a", n } }, { to: "agent" });
    }
    await send({ key: "b" });
    expect([running, most]).toEqual([100, 100]);
    expect(receiver.log.lines).toEqual([
      expect.stringContaining("was dropped: 100 handlers run and 10000 payloads are queued"),
    ]);
    gate.resolve();
    await until("all are handled", () => got.length === total - 5);
    expect(got).toEqual(Array.from({ length: total - 5 }, (_, n) => n));
    expect(most).toBe(100);
  });

  it("that is disposed drops its queue, and its plugin's phase ends after the running handlers", async () => {
    const gate = Promise.withResolvers<void>();
    let begun = 0;
    let ended = 0;
    const endpoint = receiver.plugin.payloads.endpoint({ key: "a" }, async () => {
      begun += 1;
      await gate.promise;
      ended += 1;
    });
    for (let n = 0; n < 150; n += 1) await sender.plugin.payloads.send({ filt: { key: "a" } }, { to: "agent" });
    await send({ key: "b" });
    endpoint[Symbol.dispose]();
    let isReleased = false;
    const released = receiver.stack.disposeAsync().then(() => (isReleased = true));
    await setImmediate();
    expect([begun, isReleased]).toEqual([100, false]);
    gate.resolve();
    await released;
    expect([begun, ended]).toEqual([100, 100]);
  });

  it("runs in the async context in which it was created", async () => {
    const context = new AsyncLocalStorage<string>();
    const seen: unknown[] = [];
    context.run(plugin, () =>
      receiver.plugin.payloads.endpoint({ key: "a" }, () => void seen.push(context.getStore())),
    );
    await send({ key: "a" });
    expect(seen).toEqual([plugin]);
  });
});

describe("a payload", () => {
  it("goes to any instance, to a particular one, or to all", async () => {
    const second = await join("agent");
    const got: string[] = [];
    for (const { plugin: each, bus } of [receiver, second]) {
      each.payloads.endpoint({ key: "a" }, () => void got.push(bus.self.instance));
    }
    const { payloads } = sender.plugin;
    await payloads.send({ filt: { key: "a" } }, { to: { all: "agent" } });
    await until("both have it", () => got.length === 2);
    expect(new Set(got).size).toBe(2);
    await payloads.send({ filt: { key: "a" } }, { to: second.bus.self });
    await until("it is there", () => got.length === 3);
    expect(got[2]).toBe(second.bus.self.instance);
    for (let i = 0; i < 10; i += 1) await payloads.send({ filt: { key: "a" } }, { to: "agent" });
    await until("all are there", () => got.length === 13);
    expect(new Set(got.slice(3)).size).toBe(2);
  });

  it("arrives in the order of the calls, including the first", async () => {
    const got: unknown[] = [];
    receiver.plugin.payloads.endpoint({ key: "a" }, ({ filt }) => void got.push(filt["n"]));
    const sends = Array.from({ length: 100 }, async (_, n) => {
      if (n % 3 === 0) await Promise.resolve();
      const late = sender.plugin.payloads.send({ filt: { key: "a", n } }, { to: "agent" });
      await late;
    });
    await Promise.all(sends);
    await until("all are there", () => got.length === 100);
    const order = Array.from({ length: 100 }, (_, n) => n);
    // Calls that were made later arrive later.
    expect(got).toEqual([...order.filter((n) => n % 3 !== 0), ...order.filter((n) => n % 3 === 0)]);
  });

  it("does not overtake one that waits for the list of instances", async () => {
    const got: unknown[] = [];
    receiver.plugin.payloads.endpoint({ key: "a" }, ({ filt }) => void got.push(filt["n"]));
    const joined = await harness.join("field");
    const bus = new DisconnectableBus(joined.bus);
    const { promise, resolve } = Promise.withResolvers<void>();
    bus.watchable = promise;
    const field = new TestService(bus, joined.member);
    services.push(field);
    const sends = [field.plugin.payloads.send({ filt: { key: "a", n: 0 } }, { to: "agent" })];
    // Only the list of instances is missing.
    await until("the watch is under way", () => bus.peers("agent").length === 1);
    resolve();
    for (let n = 1; n < 20; n += 1) {
      await Promise.resolve();
      sends.push(field.plugin.payloads.send({ filt: { key: "a", n } }, { to: "agent" }));
    }
    await Promise.all(sends);
    await until("all are there", () => got.length === 20);
    expect(got).toEqual(Array.from({ length: 20 }, (_, n) => n));
  });

  it("to a particular instance does not overtake one to its service", async () => {
    const got: unknown[] = [];
    receiver.plugin.payloads.endpoint({ key: "a" }, ({ filt }) => void got.push(filt["n"]));
    const { payloads } = sender.plugin;
    await Promise.all([
      payloads.send({ filt: { key: "a", n: 1 } }, { to: "agent" }),
      payloads.send({ filt: { key: "a", n: 2 } }, { to: receiver.bus.self }),
      payloads.send({ filt: { key: "a", n: 3 } }, { to: { all: "agent" } }),
    ]);
    await until("all are there", () => got.length === 3);
    expect(got).toEqual([1, 2, 3]);
  });

  it("to a service without an instance fails at once", async () => {
    const { payloads } = sender.plugin;
    expect(await codeOf(payloads.send({ filt: {} }, { to: "worker" }))).toBe("VORTEX_NOBODY");
    expect(await codeOf(payloads.send({ filt: {} }, { to: { all: "worker" } }))).toBe("VORTEX_NOBODY");
    const gone = { service: "agent", instance: "agent-aaaaaaaaaa" } as const;
    expect(await codeOf(payloads.send({ filt: {} }, { to: gone }))).toBe("VORTEX_NOBODY");
    const joined = await harness.join("field");
    const bus = new DisconnectableBus(joined.bus);
    const cut = new TestService(bus, joined.member);
    services.push(cut);
    bus.cut(true);
    expect(await codeOf(cut.plugin.payloads.send({ filt: {} }, { to: "agent" }))).toBe("VORTEX_DISCONNECTED");
  });

  it.each<[string, unknown]>([
    ["too many fields", Object.fromEntries(Array.from({ length: 32 }, (_, index) => [`k${index}`, 1]))],
    ["a key that is too long", { ["k".repeat(101)]: 1 }],
    ["a text that is too long", { a: "x".repeat(1001) }],
    ["__proto__", JSON.parse('{"__proto__":1}')],
    ["something else than values", { a: null }],
    ["a number that is none", { a: Number.NaN }],
    ["no plain object", new Map()],
  ])("with a record that has %s is refused, when it is sent and when it comes", async (_, filt) => {
    const { payloads } = sender.plugin;
    const wrong = filt as PayloadFilter;
    expect(await codeOf(payloads.send({ filt: wrong }, { to: "agent" }))).toBe("DATA_INVALID");
    expect(await codeOf(() => payloads.endpoint(wrong, () => undefined))).toBe("DATA_INVALID");
  });

  it("with tuples that do not fit is refused", async () => {
    const { payloads } = sender.plugin;
    const wrong = [{ pump: 5 }] as unknown as { pump: string; at: Date }[];
    const error = await caught(payloads.send({ filt: {}, tuple: levelTuple, tuples: wrong }, { to: "agent" }));
    expect(error).toMatchObject({ code: "DATA_INVALID", message: expect.stringContaining("tuple 0") });
    const untyped = [1] as unknown as never[];
    expect(await codeOf(payloads.send({ filt: {}, tuples: untyped }, { to: "agent" }))).toBe("DATA_INVALID");
  });
});

describe("payloads for a plugin that is suspended", () => {
  it("wait for the endpoints of the new version, in their order, and reach other plugins at once", async () => {
    const old: unknown[] = [];
    receiver.plugin.payloads.endpoint({ key: "level" }, ({ filt }) => void old.push(filt["at"]));
    await send({ key: "level", at: 0 });
    const suspension = await receiver.vortex.suspend(plugin, new AbortController().signal);
    const { stack } = receiver;
    receiver.stack = new AsyncDisposableStack();
    await stack.disposeAsync();
    await using others = new AsyncDisposableStack();
    const { payloads } = receiver.vortex.forPlugin("peek_plugin_valve", () => others, receiver.log);
    const elsewhere: unknown[] = [];
    payloads.endpoint({ plugin }, ({ filt }) => void elsewhere.push(filt["at"]));
    for (const at of [1, 2, 3]) await sender.plugin.payloads.send({ filt: { key: "level", at } }, { to: "agent" });
    await sender.plugin.payloads.send({ filt: { key: "unknown", at: 4 } }, { to: "agent" });
    await until("they have arrived", () => elsewhere.length === 4);
    const got: unknown[] = [];
    receiver.plugin.payloads.endpoint({ key: "level" }, ({ filt }) => void got.push(filt["at"]));
    receiver.plugin.payloads.endpoint({ key: "unknown" }, () => void got.push("unknown"));
    expect(got).toEqual([]);
    suspension[Symbol.dispose]();
    expect(got).toEqual([1, 2, 3]);
    await send({ key: "level", at: 5 });
    expect([got, old]).toEqual([[1, 2, 3, 5], [0]]);
    expect(elsewhere).toEqual([1, 2, 3, 4, 5]);
  });

  it("are handled by the old version if they came before", async () => {
    const gate = Promise.withResolvers<void>();
    let handled = 0;
    receiver.plugin.payloads.endpoint({ key: "level" }, async () => {
      await gate.promise;
      handled += 1;
    });
    for (let i = 0; i < 150; i += 1) {
      await sender.plugin.payloads.send({ filt: { key: "level" } }, { to: "agent" });
    }
    // A call is answered after the payloads that were sent before it.
    receiver.plugin.rpc.serve(ping, { ping: () => undefined });
    await sender.plugin.rpc.client(ping, { to: "agent", wait: true }).ping();
    const suspending = receiver.vortex.suspend(plugin, new AbortController().signal);
    gate.resolve();
    using _suspension = await suspending;
    expect(handled).toBe(150);
  });
});
