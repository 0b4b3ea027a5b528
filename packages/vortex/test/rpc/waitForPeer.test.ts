import { setImmediate } from "node:timers/promises";
import type { ServiceName } from "@peek/plugin-base";
import { defineRpc } from "@peek/plugin-base/contracts";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { z } from "zod";
import { DisconnectableBus } from "./DisconnectableBus.ts";
import { MemoryHarness } from "./MemoryHarness.ts";
import { plugin, TestService } from "./TestService.ts";
import { until } from "@peek/kit/testing";

const notes = defineRpc(`${plugin}.Notes`, { take: { input: z.int() } });

let harness: MemoryHarness;
let services: TestService[];
let bus: DisconnectableBus;
let caller: TestService;

beforeEach(async () => {
  harness = new MemoryHarness();
  services = [];
  const joined = await harness.join("logic");
  bus = new DisconnectableBus(joined.bus);
  caller = new TestService(bus, joined.member);
  services.push(caller);
});

afterEach(async () => {
  vi.useRealTimers();
  for (const service of services) await service[Symbol.asyncDispose]();
});

async function join(name: ServiceName): Promise<TestService> {
  const { bus: itsBus, member } = await harness.join(name);
  const service = new TestService(itsBus, member);
  services.push(service);
  return service;
}

describe("calls with wait: true", () => {
  it("are logged after two seconds, once for all that wait for the same, with the missing peer", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
    const client = caller.plugin.rpc.client(notes, { to: "agent", wait: true });
    const other = defineRpc(`${plugin}.Other`, { take: {} });
    const calls = [client.take(1), client.take(2), caller.plugin.rpc.client(other, { to: "agent", wait: true }).take()];
    const lines = (): readonly string[] => caller.log.lines.filter((line) => line.includes(" is waiting "));
    vi.advanceTimersByTime(1900);
    expect(lines()).toEqual([]);
    vi.advanceTimersByTime(200);
    expect(lines()).toHaveLength(2);
    const agent = await join("agent");
    agent.plugin.rpc.serve(notes, { take: () => undefined });
    agent.plugin.rpc.serve(other, { take: () => undefined });
    await Promise.all(calls);
    expect([...lines()].sort()).toEqual([
      `info: ${plugin} is waiting to call ${notes.name} on agent: no agent service is connected.`,
      `info: ${plugin} is waiting to call ${other.name} on agent: no agent service is connected.`,
    ]);
  });

  it("are not logged when they wait briefly", async () => {
    const client = caller.plugin.rpc.client(notes, { to: "agent", wait: true });
    const call = client.take(1);
    const agent = await join("agent");
    agent.plugin.rpc.serve(notes, { take: () => undefined });
    await call;
    expect(caller.vortex.statistics().timers).toBe(0);
    expect(caller.log.lines).toEqual([]);
  });

  it("are sent before later calls", async () => {
    const taken: number[] = [];
    const client = caller.plugin.rpc.client(notes, { to: "agent", wait: true });
    const calls = [client.take(1), client.take(2)];
    const third = (async () => {
      for await (const { peer } of caller.plugin.presence.changes({ service: "agent" })) {
        if (!peer.serves.includes(notes.name)) continue;
        await Promise.all([client.take(3), caller.plugin.rpc.client(notes, { to: peer }).take(4)]);
        return;
      }
    })();
    await until("both wait", () => caller.vortex.statistics().waiting === 2);
    const agent = await join("agent");
    agent.plugin.rpc.serve(notes, { take: (value) => void taken.push(value) });
    await Promise.all([...calls, third]);
    expect(taken).toEqual([1, 2, 3, 4]);
  });

  it("to a service and to an instance of it are sent in order", async () => {
    const taken: number[] = [];
    const agent = await join("agent");
    const any = caller.plugin.rpc.client(notes, { to: "agent", wait: true });
    const one = caller.plugin.rpc.client(notes, { to: agent.bus.self, wait: true });
    const calls = [one.take(1), any.take(2), one.take(3), any.take(4)];
    await caller.plugin.presence.waitFor("agent");
    agent.plugin.rpc.serve(notes, { take: (value) => void taken.push(value) });
    await Promise.all(calls);
    expect(taken).toEqual([1, 2, 3, 4]);
  });

  it("that wait for the list of instances are not overtaken", async () => {
    const taken: number[] = [];
    const agent = await join("agent");
    agent.plugin.rpc.serve(notes, { take: (value) => void taken.push(value) });
    const { promise, resolve } = Promise.withResolvers<void>();
    bus.watchable = promise;
    const { rpc } = caller.plugin;
    const calls: Promise<unknown>[] = [rpc.clientOfAll(notes, { to: "agent" }).take(1)];
    await until("only the end of the answer is missing", () => bus.peers("agent").length === 1);
    calls.push(rpc.client(notes, { to: "agent" }).take(2), rpc.client(notes, { to: agent.bus.self }).take(3));
    await setImmediate();
    expect(taken).toEqual([]);
    resolve();
    await Promise.all(calls);
    expect(taken).toEqual([1, 2, 3]);
  });

  it("cost no more each when they are many", async () => {
    const count = 300;
    const client = (to: TestService) => caller.plugin.rpc.client(notes, { to: to.bus.self, wait: true });
    await caller.plugin.presence.peers("agent");
    const agents = await Promise.all(Array.from({ length: count }, async () => await join("agent")));
    const calls = agents.map(async (agent, index) => await client(agent).take(index));
    await until("all wait", () => caller.vortex.statistics().waiting === count);
    bus.looks = 0;
    for (const agent of agents) agent.plugin.rpc.serve(notes, { take: () => undefined });
    await Promise.all(calls);
    expect(bus.looks).toBeLessThan(10 * count);
  });

  it("to any of more than a thousand instances are all answered", async () => {
    const agents = await Promise.all(Array.from({ length: 1200 }, async () => await join("agent")));
    for (const agent of agents) agent.plugin.rpc.serve(notes, { take: () => undefined });
    const client = caller.plugin.rpc.client(notes, { to: "agent", deadlineMs: 3000 });
    await until("all serve it", async () => {
      const peers = await caller.plugin.presence.peers("agent");
      return peers.length === 1200 && peers.every(({ serves }) => serves.length === 1);
    });
    const calls = Array.from({ length: 2400 }, async (_, index) => await client.take(index));
    expect(await Promise.all(calls)).toHaveLength(2400);
  });
});
