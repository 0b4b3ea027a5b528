import { setImmediate } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { defineRpc } from "@peek/plugin-base/contracts";
import type { PluginDisposables } from "@peek/plugin-base";
import { other } from "./contracts.ts";
import { MemoryHarness } from "./MemoryHarness.ts";
import { plugin, TestService } from "./TestService.ts";
import { fired, until } from "@peek/kit/testing";

const hung = defineRpc(`${plugin}.Hung`, { wait: {}, ping: {} });

/** A stack that a test can count. */
class CountedStack extends AsyncDisposableStack {
  readonly titles: string[] = [];

  override defer(onDispose: () => void | PromiseLike<void>): void {
    this.titles.push(onDispose.name);
    super.defer(onDispose);
  }
}

let harness: MemoryHarness;
let service: TestService;
let stack: CountedStack & PluginDisposables;
let events: string[];

beforeEach(async () => {
  harness = new MemoryHarness();
  const { bus, member } = await harness.join("agent");
  service = new TestService(bus, member);
  stack = new CountedStack();
  service.stack = stack;
  events = [];
});

afterEach(async () => {
  await service[Symbol.asyncDispose]();
});

/** Serves a contract with a handler that runs until its signal fires, and then checks whether a resource is open. */
async function serveOn(resource: { isOpen: boolean }): Promise<void> {
  service.plugin.rpc.serve(other, {
    ping: async (_, { signal }) => {
      await fired(signal);
      await Promise.resolve();
      events.push(`handler, resource ${resource.isOpen ? "open" : "closed"}`);
    },
  });
  service.plugin.rpc
    .client(other, { to: "agent", wait: true })
    .ping()
    .catch(() => undefined);
  await until("it runs", () => service.vortex.statistics().running === 1);
}

describe("a resource of a plugin", () => {
  it("is released after the resources that need it, whenever Vortex was used first", async () => {
    await service.plugin.presence.peers();
    const resource = { isOpen: true };
    stack.defer(() => void (resource.isOpen = false));
    await serveOn(resource);
    let isHandled = false;
    service.plugin.payloads.endpoint({ key: "a" }, async () => {
      isHandled = true;
      await setImmediate();
      events.push(`payload, resource ${resource.isOpen ? "open" : "closed"}`);
    });
    await service.plugin.payloads.send({ filt: { key: "a" } }, { to: "agent" });
    await until("it is handled", () => isHandled);
    await stack.disposeAsync();
    expect(events.toSorted()).toEqual(["handler, resource open", "payload, resource open"]);
    expect(service.vortex.statistics()).toMatchObject({ contracts: 0, endpoints: 0, running: 0 });
  });

  it("leaves no entry on the stack when it is released early", async () => {
    const { payloads, rpc } = service.plugin;
    for (let i = 0; i < 2000; i += 1) {
      const endpoint = payloads.endpoint({ key: "a" }, () => undefined);
      const served = rpc.serve(other, { ping: () => undefined });
      endpoint[Symbol.dispose]();
      await served[Symbol.asyncDispose]();
    }
    expect(stack.titles.length).toBeLessThan(300);
    expect(stack.titles).toContain(`the contract ${other.name}`);
    // A resource in a slot that was used before is released as well.
    payloads.endpoint({ key: "a" }, () => undefined);
    rpc.serve(other, { ping: () => undefined });
    expect(service.vortex.statistics()).toMatchObject({ contracts: 1, endpoints: 1 });
    await stack.disposeAsync();
    expect(service.vortex.statistics()).toMatchObject({ contracts: 0, endpoints: 0 });
  });

  it("that is released twice does not release its successor", async () => {
    const { payloads } = service.plugin;
    const endpoints = Array.from({ length: 200 }, () => payloads.endpoint({ key: "a" }, () => undefined));
    for (const endpoint of endpoints) endpoint[Symbol.dispose]();
    await setImmediate();
    const before = stack.titles.length;
    for (let i = 0; i < 200; i += 1) payloads.endpoint({ key: "a" }, () => undefined);
    for (const endpoint of endpoints) endpoint[Symbol.dispose]();
    expect(stack.titles.length).toBeLessThan(before + 200);
    expect(service.vortex.statistics().endpoints).toBe(200);
  });
});

describe("a handler that does not end", () => {
  it("is named in the log", async () => {
    const gate = Promise.withResolvers<void>();
    service.plugin.rpc.serve(hung, { wait: () => gate.promise, ping: () => undefined });
    const client = service.plugin.rpc.client(hung, { to: "agent", wait: true });
    const calls = Promise.allSettled([client.wait(), client.wait()]);
    await until("both run", () => service.vortex.statistics().running === 2);
    let isHandled = false;
    service.plugin.payloads.endpoint({ key: "slow" }, () => {
      isHandled = true;
      return gate.promise;
    });
    await service.plugin.payloads.send({ filt: { key: "slow" } }, { to: "agent" });
    await until("it is handled", () => isHandled);
    const released = stack.disposeAsync();
    await until("both waits are logged", () => service.log.lines.length === 2);
    expect(service.log.lines.toSorted()).toEqual([
      expect.stringMatching(/warning: The payload endpoint .*slow.* is being stopped, and waits for 1 handlers/s),
      expect.stringContaining(`warning: ${hung.name} is being stopped`),
    ]);
    expect(service.log.lines.join("\n")).toContain(`${hung.name}.wait (2 times)`);
    gate.resolve();
    await released;
    await calls;
  });
});
