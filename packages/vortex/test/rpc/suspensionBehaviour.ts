import { setTimeout as delay } from "node:timers/promises";
import type { RpcHandlers, ServiceName } from "@peek/plugin-base";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { codeOf, collect, fired, until } from "@peek/kit/testing";
import { other, pumps } from "./contracts.ts";
import type { RpcHarness } from "./RpcHarness.ts";
import { plugin, TestService } from "./TestService.ts";

type Handlers = RpcHandlers<typeof pumps.procedures>;

const never = new AbortController().signal;

/** The behaviour of calls of a suspended plugin on every driver of the bus. */
export function describeSuspension(title: string, open: () => Promise<RpcHarness>): void {
  let harness: RpcHarness;
  let services: TestService[];

  beforeEach(async () => {
    harness = await open();
    services = [];
  });

  afterEach(async () => {
    for (const service of services) await service[Symbol.asyncDispose]();
    await harness[Symbol.asyncDispose]();
  });

  async function join(name: ServiceName): Promise<TestService> {
    const { bus, member } = await harness.join(name);
    const service = new TestService(bus, member);
    services.push(service);
    return service;
  }

  function serve(server: TestService, own: Partial<Handlers> = {}): void {
    server.plugin.rpc.serve(pumps, {
      add: ({ a, b }) => a + b,
      echo: (value) => value,
      ping: () => undefined,
      start: () => undefined,
      async *count({ to }) {
        for (let i = 1; i <= to; i += 1) yield await Promise.resolve(i);
      },
      ...own,
    });
  }

  /** Ends the phase of the plugin: its contracts are withdrawn. */
  async function stop(server: TestService): Promise<void> {
    const { stack } = server;
    server.stack = new AsyncDisposableStack();
    await stack.disposeAsync();
  }

  async function pair(own: Partial<Handlers> = {}) {
    const server = await join("agent");
    serve(server, own);
    const caller = await join("logic");
    const client = caller.plugin.rpc.client(pumps, { to: "agent", deadlineMs: 5000 });
    await client.ping(undefined, { wait: true });
    return { server, caller, client };
  }

  async function queued(server: TestService, count: number): Promise<void> {
    await until(`${count} calls to wait`, () => server.vortex.statistics().queued === count);
  }

  describe(`${title}: calls of a plugin that is suspended`, () => {
    it("never fail, and run exactly once, while callers know nothing of 20 updates", { timeout: 60_000 }, async () => {
      const runs = new Map<unknown, number>();
      const echo = async (value: unknown): Promise<unknown> => {
        runs.set(value, (runs.get(value) ?? 0) + 1);
        await delay(Math.random() * 4);
        return value;
      };
      const server = await join("agent");
      serve(server, { echo });
      const callers = [await join("logic"), await join("field"), await join("office"), await join("worker")];
      const over = new AbortController();
      let calls = 0;
      const failures: unknown[] = [];
      const running = callers.map(async (caller, index) => {
        const client = caller.plugin.rpc.client(pumps, { to: "agent", deadlineMs: 5000 });
        await client.ping(undefined, { wait: true });
        for (let i = 0; !over.signal.aborted; i += 1) {
          const value = `${index} ${i}`;
          calls += 1;
          try {
            expect(await client.echo(value)).toBe(value);
          } catch (error) {
            failures.push(error);
          }
          await delay(Math.random() * 5);
        }
      });
      for (let cycle = 0; cycle < 20; cycle += 1) {
        await delay(Math.random() * 20);
        const suspension = await server.vortex.suspend(plugin, never);
        expect(server.vortex.statistics().running).toBe(0);
        await stop(server);
        await delay(Math.random() * 20);
        serve(server, { echo });
        await delay(Math.random() * 5);
        suspension[Symbol.dispose]();
      }
      over.abort();
      await Promise.all(running);
      expect(failures).toEqual([]);
      expect(runs.size).toBe(calls);
      expect([...runs.values()].every((count) => count === 1)).toBe(true);
      expect(server.vortex.statistics()).toMatchObject({ running: 0, queued: 0 });
    });

    it("wait for a start that takes a second, in the order of their arrival", async () => {
      const { server, caller, client } = await pair();
      const suspension = await server.vortex.suspend(plugin, never);
      await stop(server);
      const calls = Array.from({ length: 50 }, async (_, index) => await client.echo(index));
      await queued(server, 50);
      const [peer] = await caller.plugin.presence.peers("agent");
      expect(peer?.serves).toEqual([pumps.name]);
      await delay(1000);
      const order: unknown[] = [];
      serve(server, { echo: (value) => (order.push(value), value) });
      expect(order).toEqual([]);
      suspension[Symbol.dispose]();
      expect(await Promise.all(calls)).toEqual(Array.from({ length: 50 }, (_, index) => index));
      expect(order).toEqual(Array.from({ length: 50 }, (_, index) => index));
    });

    it("that waited for their turn go to the new version", async () => {
      const gate = Promise.withResolvers<void>();
      const server = await join("agent");
      const ran: string[] = [];
      server.plugin.rpc.serve(
        other,
        { ping: async () => (ran.push("old"), await gate.promise) },
        { concurrency: 1, queueLimit: 5 },
      );
      const client = (await join("logic")).plugin.rpc.client(other, { to: "agent", wait: true });
      const calls = [client.ping(), client.ping(), client.ping()];
      await queued(server, 2);
      const suspending = server.vortex.suspend(plugin, never);
      gate.resolve();
      const suspension = await suspending;
      expect(ran).toEqual(["old"]);
      await stop(server);
      server.plugin.rpc.serve(other, { ping: () => void ran.push("new") });
      suspension[Symbol.dispose]();
      await Promise.all(calls);
      expect(ran).toEqual(["old", "new", "new"]);
    });

    it("get RPC_UNKNOWN if the new version does not serve them", async () => {
      const { server, client } = await pair();
      const suspension = await server.vortex.suspend(plugin, never);
      await stop(server);
      const call = codeOf(client.ping());
      await queued(server, 1);
      // A contract that the new version adds is served at once.
      server.plugin.rpc.serve(other, { ping: () => undefined });
      const caller = services.at(-1);
      await caller?.plugin.rpc.client(other, { to: "agent", wait: true }).ping();
      suspension[Symbol.dispose]();
      expect(await call).toBe("RPC_UNKNOWN");
      await until("nobody serves it", async () => (await codeOf(client.ping())) === "VORTEX_NOBODY");
    });

    it("end with their deadlines and signals, and beyond the limit with RPC_BUSY", async () => {
      const server = await join("agent");
      server.plugin.rpc.serve(other, { ping: () => undefined }, { queueLimit: 2 });
      const client = (await join("logic")).plugin.rpc.client(other, { to: "agent" });
      await client.ping(undefined, { wait: true });
      const suspension = await server.vortex.suspend(plugin, never);
      const controller = new AbortController();
      const cancelled = client.ping(undefined, { signal: controller.signal });
      const late = codeOf(client.ping(undefined, { deadlineMs: 100 }));
      await queued(server, 2);
      expect(await codeOf(client.ping())).toBe("RPC_BUSY");
      controller.abort(new Error("enough"));
      await expect(cancelled).rejects.toThrow("enough");
      expect(await late).toBe("DEADLINE_EXCEEDED");
      await queued(server, 0);
      const waiting = client.ping();
      await queued(server, 1);
      suspension[Symbol.dispose]();
      await waiting;
    });

    it("that never end are waited for until the signal fires", async () => {
      const { server, client } = await pair({ echo: async (_, { signal }) => void (await fired(signal)) });
      const deadline = new AbortController();
      const call = client.echo(1);
      await until("it runs", () => server.vortex.statistics().running === 1);
      let isSuspended = false;
      const suspending = server.vortex.suspend(plugin, deadline.signal).finally(() => (isSuspended = true));
      const waiting = client.add({ a: 1 });
      await queued(server, 1);
      expect(isSuspended).toBe(false);
      deadline.abort();
      const suspension = await suspending;
      await stop(server);
      await call;
      serve(server);
      suspension[Symbol.dispose]();
      expect(await waiting).toBe(10);
    });

    it("wait until the last of several suspensions is over", async () => {
      const { server, client } = await pair();
      const first = await server.vortex.suspend(plugin, never);
      const second = await server.vortex.suspend(plugin, never);
      await stop(server);
      const call = client.add({ a: 1 });
      await queued(server, 1);
      serve(server);
      first[Symbol.dispose]();
      first[Symbol.dispose]();
      expect(await codeOf(client.ping(undefined, { deadlineMs: 50 }))).toBe("DEADLINE_EXCEEDED");
      await queued(server, 1);
      second[Symbol.dispose]();
      expect(await call).toBe(10);
    });

    it("fail at once when the service stops", async () => {
      const { server, client } = await pair();
      const suspension = await server.vortex.suspend(plugin, never);
      await stop(server);
      const call = codeOf(client.ping());
      await queued(server, 1);
      await server[Symbol.asyncDispose]();
      expect(["VORTEX_CLOSED", "PEER_GONE"]).toContain(await call);
      suspension[Symbol.dispose]();
      expect(server.vortex.statistics()).toMatchObject({ queued: 0, running: 0, timers: 0 });
    });

    it("of callers that are gone are forgotten", async () => {
      const { server, caller, client } = await pair();
      const suspension = await server.vortex.suspend(plugin, never);
      const call = client.ping().catch(() => undefined);
      await queued(server, 1);
      await harness.kill(caller.bus);
      await queued(server, 0);
      await call;
      suspension[Symbol.dispose]();
      expect(server.vortex.statistics()).toMatchObject({ running: 0, timers: 0 });
    });
  });

  describe(`${title}: a stream of a plugin that is suspended`, () => {
    it("ends with PLUGIN_UPDATING, and waits for the new version when it is opened again", async () => {
      const { server, client } = await pair({
        async *count(_, { signal }) {
          yield 1;
          await fired(signal);
        },
      });
      const stream = client.count({ to: 3 })[Symbol.asyncIterator]();
      expect((await stream.next()).value).toBe(1);
      const next = codeOf(stream.next());
      const suspension = await server.vortex.suspend(plugin, never);
      expect(await next).toBe("PLUGIN_UPDATING");
      await stop(server);
      const again = collect(client.count({ to: 3 }));
      await queued(server, 1);
      serve(server);
      suspension[Symbol.dispose]();
      expect(await again).toEqual([1, 2, 3]);
    });
  });
}
