import { setImmediate } from "node:timers/promises";
import type { Peer, PresenceChange, ServiceName } from "@peek/plugin-base";
import { defineRpc } from "@peek/plugin-base/contracts";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { PresenceFeed } from "../../src/presence/PresenceFeed.ts";
import { DisconnectableBus } from "../rpc/DisconnectableBus.ts";
import { MemoryHarness } from "../rpc/MemoryHarness.ts";
import { plugin, TestService } from "../rpc/TestService.ts";
import { codeOf, collect, until } from "@peek/kit/testing";

const contract = defineRpc(`${plugin}.Pumps`, {});

let harness: MemoryHarness;
let services: TestService[];
let bus: DisconnectableBus;
let service: TestService;

beforeEach(async () => {
  harness = new MemoryHarness();
  services = [];
  const joined = await harness.join("logic");
  bus = new DisconnectableBus(joined.bus);
  service = new TestService(bus, joined.member);
  services.push(service);
});

afterEach(async () => {
  for (const each of services) await each[Symbol.asyncDispose]();
});

async function join(name: ServiceName): Promise<TestService> {
  const { bus, member } = await harness.join(name);
  const joined = new TestService(bus, member);
  services.push(joined);
  return joined;
}

/** The changes in order, as `kind instance`. */
function follow(changes: AsyncIterable<PresenceChange>): { readonly lines: string[]; readonly done: Promise<void> } {
  const lines: string[] = [];
  const done = (async () => {
    for await (const { kind, peer } of changes) lines.push(`${kind} ${peer.instance}`);
  })();
  return { lines, done };
}

function nameOf({ bus }: TestService): string {
  return bus.self.instance;
}

describe("peers()", () => {
  it("returns all connected instances in the order of their connection, this process included", async () => {
    const agent = await join("agent");
    const field = await join("field");
    const { presence } = service.plugin;
    expect(presence.self).toEqual(bus.self);
    expect((await presence.peers()).map(({ instance }) => instance).toSorted()).toEqual(
      [service, agent, field].map(nameOf).toSorted(),
    );
    expect(await presence.peers("agent")).toMatchObject([
      { ...agent.bus.self, version: "1.2.3", address: "local", serves: [] },
    ]);
    expect(await presence.peers("worker")).toEqual([]);
  });

  it("returns this process alone while it is not connected", async () => {
    await join("agent");
    const { presence, rpc } = service.plugin;
    rpc.serve(contract, {});
    bus.cut(true);
    expect(await presence.peers()).toMatchObject([{ ...bus.self, version: "1.2.3", serves: [contract.name] }]);
    expect(await presence.peers("agent")).toEqual([]);
  });
});

describe("changes()", () => {
  it("reports the present instances, then who joins, changes its contracts, and leaves", async () => {
    const agent = await join("agent");
    const { lines } = follow(service.plugin.presence.changes({ service: "agent" }));
    await until("the first", () => lines.length === 1);
    const second = await join("agent");
    await join("field");
    await until("it joins", () => lines.length === 2);
    const served = second.plugin.rpc.serve(contract, {});
    await until("it serves", () => lines.length === 3);
    await served[Symbol.asyncDispose]();
    await until("it does not", () => lines.length === 4);
    await agent.bus[Symbol.asyncDispose]();
    await until("it leaves", () => lines.length === 5);
    expect(lines).toEqual([
      `joined ${nameOf(agent)}`,
      `joined ${nameOf(second)}`,
      `updated ${nameOf(second)}`,
      `updated ${nameOf(second)}`,
      `left ${nameOf(agent)}`,
    ]);
  });

  it("reports that all others leave when the connection is lost, and that they return", async () => {
    const agent = await join("agent");
    const { lines } = follow(service.plugin.presence.changes());
    await until("both", () => lines.length === 2);
    bus.cut(true);
    await until("it left", () => lines.includes(`left ${nameOf(agent)}`));
    bus.cut(false);
    await until("it is back", () => lines.filter((line) => line === `joined ${nameOf(agent)}`).length === 2);
    expect(lines.filter((line) => line.startsWith("left"))).toEqual([`left ${nameOf(agent)}`]);
  });

  it("ends with break, with the signal, and with the plugin's phase", async () => {
    const { presence } = service.plugin;
    for await (const { kind } of presence.changes()) {
      expect(kind).toBe("joined");
      break;
    }
    const controller = new AbortController();
    const signalled = follow(presence.changes({ signal: controller.signal }));
    const plain = follow(presence.changes());
    await until("both follow", () => service.vortex.statistics().presenceFeeds === 2);
    controller.abort();
    await signalled.done;
    await service.stack.disposeAsync();
    await plain.done;
    expect(service.vortex.statistics().presenceFeeds).toBe(0);
    expect(await collect(presence.changes())).toEqual([]);
    service.stack = new AsyncDisposableStack();
    expect(await collect(presence.changes({ signal: AbortSignal.abort() }))).toEqual([]);
  });

  it("reports only the net changes to a slow consumer", async () => {
    const changes = service.plugin.presence.changes({ service: "agent" })[Symbol.asyncIterator]();
    const stays = await join("agent");
    for (let i = 0; i < 50; i += 1) {
      const passing = await join("agent");
      await setImmediate();
      await passing[Symbol.asyncDispose]();
    }
    stays.plugin.rpc.serve(contract, {});
    await until("it serves", async () => (await service.plugin.presence.peers("agent"))[0]?.serves.length === 1);
    await setImmediate();
    expect(await changes.next()).toMatchObject({ value: { kind: "joined", peer: { serves: [contract.name] } } });
    const next = changes.next();
    await stays.bus[Symbol.asyncDispose]();
    expect(await next).toMatchObject({ value: { kind: "left" } });
    await changes.return?.();
  });
});

describe("waitFor()", () => {
  it("returns an instance that is connected or connects", async () => {
    const { presence } = service.plugin;
    const waiting = presence.waitFor("agent");
    const agent = await join("agent");
    expect((await waiting).instance).toBe(nameOf(agent));
    expect((await presence.waitFor("agent")).instance).toBe(nameOf(agent));
    expect(service.vortex.statistics().presenceFeeds).toBe(0);
  });

  it("fails with its signal, and with the plugin's phase", async () => {
    const { presence } = service.plugin;
    const controller = new AbortController();
    const first = presence.waitFor("agent", { signal: controller.signal });
    controller.abort(new Error("enough"));
    await expect(first).rejects.toThrow("enough");
    await expect(presence.waitFor("agent", { signal: controller.signal })).rejects.toThrow("enough");
    const second = codeOf(presence.waitFor("agent"));
    await service.stack.disposeAsync();
    expect(await second).toBe("PLUGIN_RELEASED");
    expect(await codeOf(presence.waitFor("agent"))).toBe("PLUGIN_RELEASED");
  });
});

describe("a feed", () => {
  const peer: Peer = {
    service: "agent",
    instance: "agent-aaaaaaaaaa",
    version: "1",
    since: "a",
    connectedSince: "b",
    address: "local",
    serves: [],
  };

  it("keeps at most one change for each peer, and reports nothing twice", async () => {
    const feed = new PresenceFeed();
    feed.set(peer.instance, peer);
    expect(await feed.next()).toMatchObject({ value: { kind: "joined" } });
    feed.set(peer.instance, undefined);
    feed.set(peer.instance, { ...peer });
    feed.replace([{ ...peer }]);
    const next = feed.next();
    feed.set(peer.instance, { ...peer, serves: ["x"] });
    expect(await next).toMatchObject({ value: { kind: "updated", peer: { serves: ["x"] } } });
    feed.replace([]);
    expect(await feed.next()).toMatchObject({ value: { kind: "left" } });
    const last = feed.next();
    await feed.return();
    expect(await last).toEqual({ done: true, value: undefined });
  });

  it("reports a reconnected peer as left and joined, except this process", async () => {
    const feed = new PresenceFeed("logic-aaaaaaaaaa");
    const self: Peer = { ...peer, service: "logic", instance: "logic-aaaaaaaaaa" };
    feed.replace([peer, self]);
    await feed.next();
    await feed.next();
    const steps = [feed.next(), feed.next(), feed.next()];
    feed.set(peer.instance, { ...peer, connectedSince: "c" });
    feed.set(self.instance, { ...self, connectedSince: "c" });
    expect(await Promise.all(steps)).toMatchObject([
      { value: { kind: "left", peer: { connectedSince: "b" } } },
      { value: { kind: "joined", peer: { connectedSince: "c" } } },
      { value: { kind: "updated", peer: { service: "logic" } } },
    ]);
    feed[Symbol.dispose]();
  });
});
