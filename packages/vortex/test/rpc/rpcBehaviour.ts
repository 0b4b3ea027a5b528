import { AsyncLocalStorage } from "node:async_hooks";
import { setImmediate, setTimeout as delay } from "node:timers/promises";
import { PeekError } from "@peek/errors";
import type { RpcCallContext, RpcHandlers, RpcServeOptions, ServiceName } from "@peek/plugin-base";
import { defineRpc, isRejection, RpcRejection } from "@peek/plugin-base/contracts";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { other, pumps } from "./contracts.ts";
import type { RpcHarness } from "./RpcHarness.ts";
import { plugin, TestService } from "./TestService.ts";
import { caught, codeOf, collect, fired, until } from "@peek/kit/testing";

type Handlers = RpcHandlers<typeof pumps.procedures>;

/** The default handlers; a test may replace some. */
function handlersWith(own: Partial<Handlers> = {}): Handlers {
  return {
    add: ({ a, b }) => a + b,
    echo: (value) => value,
    ping: () => undefined,
    start: () => undefined,
    async *count({ to }) {
      for (let i = 1; i <= to; i += 1) yield i;
    },
    ...own,
  };
}

/** A promise that a test resolves. */
class Gate {
  readonly #settle = Promise.withResolvers<void>();
  readonly opened: Promise<void> = this.#settle.promise;

  open(): void {
    this.#settle.resolve();
  }
}

/** The behaviour of RPC on every driver of the bus. */
export function describeRpc(title: string, open: () => Promise<RpcHarness>): void {
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

  /** Opens a service with handlers, and one that calls them. */
  async function pair(own: Partial<Handlers> = {}, options: RpcServeOptions = {}) {
    const server = await join("agent");
    const served = server.plugin.rpc.serve(pumps, handlersWith(own), options);
    const caller = await join("logic");
    const client = caller.plugin.rpc.client(pumps, { to: "agent", wait: true });
    await client.ping();
    return { server, served, caller, client };
  }

  describe(`${title}: a call`, () => {
    it("returns the result of the handler, synchronous or not", async () => {
      const { client } = await pair({ add: async ({ a, b }) => await Promise.resolve(a + b) });
      expect(await client.add({ a: 1 })).toBe(10);
      expect(await client.ping()).toBeUndefined();
      expect(await client.start("x")).toBeUndefined();
    });

    it("carries values that JSON does not have", async () => {
      const { client } = await pair();
      const value = { at: new Date(5), big: 7n, bytes: new Uint8Array([1, 2]), none: undefined, nil: null, n: -0 };
      expect(await client.echo(value)).toStrictEqual(value);
      expect(await client.echo("a\tb\nc\u2028")).toBe("a\tb\nc\u2028");
      expect(await client.echo(undefined)).toBeUndefined();
    });

    it("gives the handler the caller's identity and the remaining time", async () => {
      let seen: Partial<RpcCallContext> = {};
      const { caller, client } = await pair({
        ping: (_, { from, remainingMs }) => {
          seen = { from, remainingMs };
        },
      });
      await client.ping(undefined, { deadlineMs: 5000 });
      expect(seen.from).toEqual(caller.bus.self);
      expect(seen.remainingMs).toBeGreaterThan(4000);
      expect(seen.remainingMs).toBeLessThanOrEqual(5000);
    });

    it("may go to the same process", async () => {
      const server = await join("logic");
      server.plugin.rpc.serve(pumps, handlersWith());
      expect(await server.plugin.rpc.client(pumps, { to: "logic", wait: true }).add({ a: 1, b: 2 })).toBe(3);
      expect(await server.plugin.rpc.client(pumps, { to: server.bus.self }).add({ a: 1, b: 2 })).toBe(3);
    });

    it("runs on exactly one of three instances, in turn", async () => {
      const ran: string[] = [];
      for (const name of ["a", "b", "c"]) {
        const server = await join("agent");
        server.plugin.rpc.serve(pumps, handlersWith({ ping: () => void ran.push(name) }));
      }
      const caller = await join("logic");
      await until("three", async () => {
        const peers = await caller.plugin.presence.peers("agent");
        return peers.filter(({ serves }) => serves.includes(pumps.name)).length === 3;
      });
      const client = caller.plugin.rpc.client(pumps, { to: "agent" });
      for (let i = 0; i < 9; i += 1) await client.ping();
      expect(ran.toSorted()).toEqual(["a", "a", "a", "b", "b", "b", "c", "c", "c"]);
    });

    it("goes to the instance with the fewest open calls of the caller", async () => {
      const gate = new Gate();
      const busy = await join("agent");
      busy.plugin.rpc.serve(pumps, handlersWith({ echo: () => gate.opened, add: () => 1 }));
      const idle = await join("agent");
      const caller = await join("logic");
      const client = caller.plugin.rpc.client(pumps, { to: "agent", wait: true });
      const held = client.echo(1);
      await until("it runs", () => busy.vortex.statistics().running === 1);
      idle.plugin.rpc.serve(pumps, handlersWith({ add: () => 2 }));
      await until("both", async () => (await caller.plugin.presence.peers("agent")).every((p) => p.serves.length > 0));
      const answers = await Promise.all(Array.from({ length: 5 }, async () => await client.add({ a: 0 })));
      for (let i = 0; i < 5; i += 1) answers.push(await client.add({ a: 0 }));
      expect(answers.slice(5)).toEqual([2, 2, 2, 2, 2]);
      gate.open();
      await held;
    });

    it("to a particular instance runs there", async () => {
      const servers = [await join("agent"), await join("agent")];
      for (const server of servers) {
        server.plugin.rpc.serve(pumps, handlersWith({ echo: () => server.bus.self.instance }));
      }
      const caller = await join("logic");
      for (const { bus } of servers) {
        const client = caller.plugin.rpc.client(pumps, { to: bus.self, wait: true });
        expect(await client.echo(0)).toBe(bus.self.instance);
      }
    });

    it("to an instance that does not serve the contract is refused", async () => {
      const server = await join("agent");
      const caller = await join("logic");
      const client = caller.plugin.rpc.client(pumps, { to: server.bus.self });
      expect(await caught(client.ping())).toMatchObject({
        code: "RPC_UNKNOWN",
        message: expect.stringContaining("is not served on the agent service"),
      });
      const older = defineRpc(pumps.name, { ping: {} });
      server.plugin.rpc.serve(older, { ping: () => undefined });
      expect(await caught(client.add({ a: 1 }))).toMatchObject({
        code: "RPC_UNKNOWN",
        message: expect.stringContaining("has no procedure add"),
      });
    });

    it("fails at once without an instance, and names the missing one", async () => {
      const caller = await join("logic");
      const client = caller.plugin.rpc.client(pumps, { to: "agent" });
      expect(await caught(client.ping())).toMatchObject({
        code: "VORTEX_NOBODY",
        message: expect.stringContaining("no agent service is connected"),
      });
      await join("agent");
      await caller.plugin.presence.waitFor("agent");
      expect(await caught(client.ping())).toMatchObject({
        code: "VORTEX_NOBODY",
        message: expect.stringContaining(`Check that ${plugin} is enabled there`),
      });
    });

    it("with wait: true is sent once an instance serves the contract", async () => {
      const caller = await join("logic");
      const client = caller.plugin.rpc.client(pumps, { to: "agent" });
      const answer = client.add({ a: 1 }, { wait: true });
      const server = await join("agent");
      await caller.plugin.presence.waitFor("agent");
      expect(caller.vortex.statistics().waiting).toBe(1);
      server.plugin.rpc.serve(pumps, handlersWith());
      expect(await answer).toBe(10);
    });

    it("with wait: true fails with its deadline, or its signal", async () => {
      const caller = await join("logic");
      const client = caller.plugin.rpc.client(pumps, { to: "agent", wait: true });
      expect(await codeOf(client.ping(undefined, { deadlineMs: 50 }))).toBe("VORTEX_NOBODY");
      const controller = new AbortController();
      const answer = client.ping(undefined, { signal: controller.signal });
      controller.abort(new Error("enough"));
      await expect(answer).rejects.toThrow("enough");
      expect(caller.vortex.statistics()).toMatchObject({ waiting: 0, timers: 0 });
    });
  });

  describe(`${title}: all instances`, () => {
    it("are called, and each answer is returned", async () => {
      const failing = await join("agent");
      failing.plugin.rpc.serve(pumps, handlersWith({ echo: () => Promise.reject(new Error("no oil")) }));
      const working = await join("agent");
      working.plugin.rpc.serve(pumps, handlersWith());
      const bystander = await join("agent");
      bystander.plugin.rpc.serve(other, { ping: () => undefined });
      const caller = await join("logic");
      await until("all", async () => (await caller.plugin.presence.peers("agent")).every((p) => p.serves.length > 0));
      const client = caller.plugin.rpc.clientOfAll(pumps, { to: "agent" });
      expect(Object.keys(client)).not.toContain("count");
      const answers = await client.echo(7);
      expect(answers).toMatchObject([
        { status: "rejected", from: failing.bus.self, reason: { code: "RPC_HANDLER_FAILED" } },
        { status: "fulfilled", from: working.bus.self, value: 7 },
      ]);
      expect(answers).toHaveLength(2);
    });

    it("fail when there is none", async () => {
      const caller = await join("logic");
      const client = caller.plugin.rpc.clientOfAll(pumps, { to: "agent" });
      expect(await codeOf(client.ping())).toBe("VORTEX_NOBODY");
    });

    it("that do not answer in time, or are cancelled, are reported each", async () => {
      const { caller } = await pair({ echo: (_, { signal }) => fired(signal) });
      const client = caller.plugin.rpc.clientOfAll(pumps, { to: "agent" });
      expect(await client.echo(1, { deadlineMs: 50 })).toMatchObject([{ reason: { code: "DEADLINE_EXCEEDED" } }]);
      const controller = new AbortController();
      const answers = client.echo(1, { signal: controller.signal });
      controller.abort("enough");
      expect(await answers).toMatchObject([{ reason: { code: "CALL_CANCELLED" } }]);
    });
  });

  describe(`${title}: an end before the answer`, () => {
    it("comes with the deadline, on both sides, within 100 ms", async () => {
      const reasons: unknown[] = [];
      const { server, caller, client } = await pair({
        echo: async (_, { signal }) => {
          reasons.push(await fired(signal));
          return "too late";
        },
      });
      const began = performance.now();
      // Timers of the same process: a busy machine delays them as well.
      const late = [delay(400, "late"), delay(450, "late")];
      const error = caught(client.echo(0, { deadlineMs: 300 }));
      expect(await Promise.race([error, late[0]])).toMatchObject({ code: "DEADLINE_EXCEEDED" });
      expect(performance.now() - began).toBeGreaterThan(299);
      const isFired = until("the signal fires", () => reasons.length === 1);
      expect(await Promise.race([isFired, late[1]])).toBeUndefined();
      expect(reasons).toMatchObject([{ code: "DEADLINE_EXCEEDED" }]);
      await until("it has ended", () => server.vortex.statistics().running === 0);
      expect(caller.vortex.statistics()).toMatchObject({ pending: 0, timers: 0, invalidFrames: 0 });
    });

    it("comes with the caller's signal", async () => {
      const reasons: unknown[] = [];
      const { server, client } = await pair({
        echo: async (_, { signal }) => {
          reasons.push(await fired(signal));
        },
      });
      const controller = new AbortController();
      const answer = client.echo(0, { signal: controller.signal });
      await until("it runs", () => server.vortex.statistics().running === 1);
      const reason = new Error("the user went away");
      controller.abort(reason);
      await expect(answer).rejects.toBe(reason);
      await until("the signal fires", () => reasons.length === 1);
      expect(reasons).toMatchObject([{ code: "CALL_CANCELLED" }]);
    });

    it("comes with the signal of the client, for every call that has none of its own", async () => {
      const { caller } = await pair({ echo: (_, { signal }) => fired(signal) });
      const whole = new AbortController();
      const own = new AbortController();
      const client = caller.plugin.rpc.client(pumps, { to: "agent", signal: whole.signal });
      const answers = [client.echo(1), client.echo(2), client.echo(3, { signal: own.signal })];
      whole.abort(new Error("the plugin stops"));
      for (const answer of answers.slice(0, 2)) await expect(answer).rejects.toThrow("the plugin stops");
      own.abort(new Error("this one too"));
      await expect(answers[2]).rejects.toThrow("this one too");
    });

    it("keeps a call from being sent when the signal has fired before", async () => {
      let calls = 0;
      const { client } = await pair({ echo: () => (calls += 1) });
      const reason = new Error("never mind");
      await expect(client.echo(0, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
      await client.ping();
      expect(calls).toBe(0);
    });

    it("comes at once when the called process is killed", async () => {
      const { server, client } = await pair({ echo: (_, { signal }) => fired(signal) });
      const answer = caught(client.echo(0));
      await until("it runs", () => server.vortex.statistics().running === 1);
      const began = performance.now();
      await harness.kill(server.bus);
      expect((await answer).code).toBe("PEER_GONE");
      expect(performance.now() - began).toBeLessThan(3000);
    });

    it("reaches the handler when the calling process is killed", async () => {
      const reasons: unknown[] = [];
      const { server, caller, client } = await pair({
        echo: async (_, { signal }) => {
          reasons.push(await fired(signal));
        },
      });
      client.echo(0).catch(() => undefined);
      await until("it runs", () => server.vortex.statistics().running === 1);
      await harness.kill(caller.bus);
      await until("the signal fires", () => reasons.length === 1);
      expect(reasons).toMatchObject([{ code: "PEER_GONE" }]);
      await until("nothing is left", () => server.vortex.statistics().running === 0);
      expect(server.vortex.statistics().timers).toBe(0);
    });

    it("is no fault of a handler that obeys its signal", async () => {
      const { server, client } = await pair({
        echo: async (_, { signal }) => await delay(60_000, 0, { signal }),
      });
      await caught(client.echo(0, { deadlineMs: 50 }));
      await until("it has ended", () => server.vortex.statistics().running === 0);
      expect(server.log.lines).toEqual([]);
    });
  });

  describe(`${title}: acceptOnlyFrom`, () => {
    it("names the services that may call; others are refused at once", async () => {
      const server = await join("agent");
      let calls = 0;
      server.plugin.rpc.serve(pumps, handlersWith({ ping: () => void (calls += 1) }), { acceptOnlyFrom: "logic" });
      const stranger = await join("field");
      const client = stranger.plugin.rpc.client(pumps, { to: "agent", wait: true });
      for (let i = 0; i < 3; i += 1) expect(await codeOf(client.ping())).toBe("FORBIDDEN");
      const began = performance.now();
      expect(await codeOf(client.ping())).toBe("FORBIDDEN");
      expect(performance.now() - began).toBeLessThan(50);
      expect(calls).toBe(0);
      expect(server.log.lines).toEqual([expect.stringContaining(stranger.bus.self.instance)]);
      const friend = await join("logic");
      await friend.plugin.rpc.client(pumps, { to: "agent", wait: true }).ping();
      expect(calls).toBe(1);
    });
  });

  describe(`${title}: limits`, () => {
    it("queue calls, and refuse those beyond the queue", async () => {
      const gate = new Gate();
      const ran: unknown[] = [];
      const { server, client } = await pair(
        {
          echo: async (value) => {
            ran.push(value);
            await gate.opened;
          },
        },
        { concurrency: 2, queueLimit: 3 },
      );
      const answers = [1, 2, 3, 4, 5].map((n) => client.echo(n));
      await until("all are there", () => server.vortex.statistics().queued === 3);
      expect(ran).toEqual([1, 2]);
      expect(await codeOf(client.echo(6))).toBe("RPC_BUSY");
      gate.open();
      await Promise.all(answers);
      expect(ran).toEqual([1, 2, 3, 4, 5]);
      expect(server.vortex.statistics()).toMatchObject({ running: 0, queued: 0, timers: 0 });
    });

    it("remove a cancelled call from the queue", async () => {
      const gate = new Gate();
      const ran: unknown[] = [];
      const { server, client } = await pair(
        {
          echo: async (value) => {
            ran.push(value);
            await gate.opened;
          },
        },
        { concurrency: 1, queueLimit: 1 },
      );
      const first = client.echo("first");
      await until("one runs", () => ran.length === 1);
      const controller = new AbortController();
      const second = client.echo("second", { signal: controller.signal });
      await until("one waits", () => server.vortex.statistics().queued === 1);
      controller.abort();
      await expect(second).rejects.toThrow("aborted");
      await until("none waits", () => server.vortex.statistics().queued === 0);
      const late = codeOf(client.echo("late", { deadlineMs: 60 }));
      expect(await late).toBe("DEADLINE_EXCEEDED");
      await until("none waits", () => server.vortex.statistics().queued === 0);
      const third = client.echo("third");
      await until("one waits", () => server.vortex.statistics().queued === 1);
      gate.open();
      await Promise.all([first, third]);
      expect(ran).toEqual(["first", "third"]);
    });

    it("serve callers in turn, also when one has filled the queue", async () => {
      const gate = new Gate();
      const ran: string[] = [];
      const { server, client: greedy } = await pair(
        {
          echo: async (value) => {
            ran.push(String(value));
            await gate.opened;
          },
        },
        { concurrency: 1, queueLimit: 4 },
      );
      const modest = await join("field");
      const client = modest.plugin.rpc.client(pumps, { to: "agent", wait: true });
      const greedyCalls = Promise.allSettled(["g0", "g1", "g2", "g3", "g4"].map((name) => greedy.echo(name)));
      await until("it is full", () => server.vortex.statistics().queued === 4);
      const modestCalls = [client.echo("m1"), client.echo("m2")];
      await until("both are there", () => server.log.lines.length > 0);
      const second = client.echo("m3");
      expect(await codeOf(second)).toBe("RPC_BUSY");
      gate.open();
      await Promise.all(modestCalls);
      const outcomes = await greedyCalls;
      expect(outcomes.map(({ status }) => status)).toEqual([
        "fulfilled",
        "fulfilled",
        "fulfilled",
        "rejected",
        "rejected",
      ]);
      expect(ran).toEqual(["g0", "g1", "m1", "g2", "m2"]);
    });
  });

  describe(`${title}: a value that does not match the schema`, () => {
    it("is reported for the input by the server, with the path", async () => {
      let calls = 0;
      const { client } = await pair({ add: () => (calls += 1) });
      const wrong = { a: "one" } as unknown as { a: number };
      expect(await caught(client.add(wrong))).toMatchObject({
        code: "DATA_INVALID",
        message: expect.stringMatching(/the input of peek_plugin_pump\.Pumps\.add.*\$\.a/),
      });
      expect(calls).toBe(0);
    });

    it("is reported for the output by the client", async () => {
      const { client } = await pair({ add: () => "three" as unknown as number });
      expect(await caught(client.add({ a: 1 }))).toMatchObject({
        code: "DATA_INVALID",
        message: expect.stringContaining("the output of peek_plugin_pump.Pumps.add"),
      });
    });

    it("is refused before it is sent when it cannot be encoded", async () => {
      const { client } = await pair();
      expect(await caught(client.echo({ f: () => 1 }))).toMatchObject({
        code: "DATA_UNENCODABLE",
        message: expect.stringContaining("the input of"),
      });
    });

    it("is reported to both sides when the output cannot be encoded, or is too large", async () => {
      const { server, client } = await pair({
        echo: (value) => (value === 0 ? () => 1 : "x".repeat(17 * 1024 * 1024)),
      });
      expect(await caught(client.echo(0))).toMatchObject({
        code: "DATA_UNENCODABLE",
        message: expect.stringContaining("the output of peek_plugin_pump.Pumps.echo"),
      });
      expect(await caught(client.echo(1))).toMatchObject({
        code: "VORTEX_MESSAGE_TOO_LARGE",
        message: expect.stringContaining("the output of peek_plugin_pump.Pumps.echo"),
      });
      expect(server.log.lines).toHaveLength(2);
    });

    it("is refused as an input that is too large", async () => {
      const { client } = await pair();
      expect(await codeOf(client.echo("x".repeat(17 * 1024 * 1024)))).toBe("VORTEX_MESSAGE_TOO_LARGE");
    });
  });

  describe(`${title}: an error of the handler`, () => {
    it.each([
      ["thrown", () => { throw new Error("no oil\nat all"); }], // oxfmt-ignore
      ["rejected", () => Promise.reject(new Error("no oil\nat all"))],
    ])("that is %s crosses as its message, and is logged whole", async (_, echo) => {
      const { server, client } = await pair({ echo });
      const error = await caught(client.echo(0));
      expect(error).toMatchObject({
        code: "RPC_HANDLER_FAILED",
        message: "peek_plugin_pump.Pumps.echo failed: no oil",
      });
      expect(JSON.stringify(error.fields)).not.toContain("rpcBehaviour");
      expect(server.log.lines).toEqual([expect.stringContaining("error: peek_plugin_pump.Pumps.echo failed")]);
      expect(server.log.errors).toMatchObject([{ stack: expect.stringContaining("rpcBehaviour") }]);
    });

    it("that is a PeekError reaches the caller with its code", async () => {
      const { server, client } = await pair({
        echo: () => {
          throw new PeekError("STORAGE_BUSY", "All connections are in use", { fields: { secret: 1 } });
        },
      });
      const error = await caught(client.echo(0));
      expect(error).toMatchObject({ code: "STORAGE_BUSY", message: "All connections are in use" });
      expect(error.fields).toEqual({ procedure: `${pumps.name}.echo`, ...server.bus.self });
      expect(server.log.lines).toEqual([]);
    });

    it("with a code that would describe the call itself becomes RPC_HANDLER_FAILED", async () => {
      const { server, client } = await pair({
        echo: async () => await server.plugin.rpc.client(other, { to: "worker" }).ping(),
      });
      const error = await caught(client.echo(0));
      expect(error).toMatchObject({
        code: "RPC_HANDLER_FAILED",
        message: expect.stringMatching(/Pumps\.echo failed: VORTEX_NOBODY: .*no worker service is connected/),
      });
      expect(error.fields).toEqual({ procedure: `${pumps.name}.echo`, code: "VORTEX_NOBODY", ...server.bus.self });
      expect(server.log.lines).toEqual([expect.stringContaining("error: peek_plugin_pump.Pumps.echo failed")]);
    });

    it("that the contract declares reaches the caller with its data", async () => {
      const since = new Date(7);
      const { client } = await pair({
        start: (name) => {
          if (name === "closed") throw new RpcRejection("closed", "It is closed");
          throw new RpcRejection("duplicate", "It is there", { id: 3, since });
        },
      });
      const duplicate = await caught(client.start("a"));
      if (!isRejection(pumps.procedures.start, duplicate, "duplicate")) throw new Error("It is none");
      expect(duplicate.data).toEqual({ id: 3, since });
      expect(duplicate.message).toBe("It is there");
      expect(isRejection(pumps.procedures.start, await caught(client.start("closed")), "closed")).toBe(true);
    });

    it("that the contract does not declare, or with other data, becomes RPC_HANDLER_FAILED", async () => {
      const { server, client } = await pair({
        start: (name) => {
          if (name === "a") throw new RpcRejection("toString", "of nobody");
          throw new RpcRejection("duplicate", "It is there", { id: "three" });
        },
      });
      expect(await codeOf(client.start("a"))).toBe("RPC_HANDLER_FAILED");
      expect(await caught(client.start("b"))).toMatchObject({
        code: "RPC_HANDLER_FAILED",
        message: expect.stringContaining("the data of the error duplicate"),
        fields: { code: "DATA_INVALID" },
      });
      expect(server.log.lines).toHaveLength(2);
    });

    it("that is no Error object reaches the caller all the same", async () => {
      const { client } = await pair({
        echo: (value) => {
          throw value === 0 ? null : { message: 1 };
        },
      });
      expect(await codeOf(client.echo(0))).toBe("RPC_HANDLER_FAILED");
      expect(await codeOf(client.echo(1))).toBe("RPC_HANDLER_FAILED");
    });
  });

  describe(`${title}: a contract`, () => {
    it("is announced while it is served", async () => {
      const { server, served, caller, client } = await pair();
      const also = server.plugin.rpc.serve(other, { ping: () => undefined });
      const serves = async (): Promise<string> => {
        const [peer] = await caller.plugin.presence.peers("agent");
        return peer?.serves.join() ?? "";
      };
      await until("both are announced", async () => (await serves()) === `${other.name},${pumps.name}`);
      await served[Symbol.asyncDispose]();
      await until("the end of one is announced", async () => (await serves()) === other.name);
      expect(await codeOf(client.ping(undefined, { wait: false }))).toBe("VORTEX_NOBODY");
      await also[Symbol.asyncDispose]();
      expect(server.vortex.statistics().contracts).toBe(0);
    });

    it("is served once, by the plugin whose name it has, with all handlers", async () => {
      const server = await join("agent");
      const { rpc } = server.plugin;
      rpc.serve(pumps, handlersWith());
      expect(await codeOf(() => rpc.serve(pumps, handlersWith()))).toBe("RPC_ALREADY_SERVED");
      const foreign = defineRpc("peek_plugin_valve.Valves", { ping: {} });
      expect(await codeOf(() => rpc.serve(foreign, { ping: () => undefined }))).toBe("CONTRACT_INVALID");
      expect(await codeOf(() => rpc.serve(other, {} as { ping: () => void }))).toBe("CONTRACT_INVALID");
      const none = { concurrency: 0 };
      expect(await codeOf(() => rpc.serve(other, { ping: () => undefined }, none))).toBe("CONTRACT_INVALID");
    });

    it("accepts the methods of an object as handlers", async () => {
      class Ping {
        readonly #log: string[] = [];
        get count(): number {
          return this.#log.length;
        }
        ping(): void {
          this.#log.push("ping");
        }
      }
      const server = await join("agent");
      const ping = new Ping();
      server.plugin.rpc.serve(other, ping);
      await server.plugin.rpc.client(other, { to: "agent", wait: true }).ping();
      expect(ping.count).toBe(1);
    });

    it("that is withdrawn refuses queued calls, and waits for running ones", async () => {
      const gate = new Gate();
      const { server, served, client } = await pair(
        {
          echo: async (_, { signal }) => {
            const reason = await fired(signal);
            await gate.opened;
            return reason instanceof PeekError ? reason.code : "";
          },
        },
        { concurrency: 1 },
      );
      const running = client.echo(1);
      const waiting = codeOf(client.echo(2));
      await until("one waits", () => server.vortex.statistics().queued === 1);
      let isDisposed = false;
      const disposed = served[Symbol.asyncDispose]().then(() => (isDisposed = true));
      expect(await waiting).toBe("RPC_UNKNOWN");
      await setImmediate();
      expect(isDisposed).toBe(false);
      gate.open();
      await disposed;
      expect(await running).toBe("VORTEX_CLOSED");
    });

    it("runs its handlers in the async context in which it was served", async () => {
      const context = new AsyncLocalStorage<string>();
      const server = await join("agent");
      const seen: unknown[] = [];
      const { promise: aborted, resolve } = Promise.withResolvers<void>();
      context.run(plugin, () =>
        server.plugin.rpc.serve(
          pumps,
          handlersWith({
            ping: () => void seen.push(context.getStore()),
            echo: (_, { signal }) => {
              signal.addEventListener("abort", () => {
                seen.push(context.getStore());
                resolve();
              });
              return aborted;
            },
            count: function* () {
              seen.push(context.getStore());
              yield 1;
            },
          }),
        ),
      );
      const caller = await join("logic");
      const client = caller.plugin.rpc.client(pumps, { to: "agent", wait: true });
      await context.run("another", async () => {
        await client.ping();
        expect(context.getStore()).toBe("another");
        for await (const item of client.count({ to: 1 })) expect(item).toBe(1);
        await codeOf(client.echo(0, { deadlineMs: 30 }));
      });
      await aborted;
      expect(seen).toEqual([plugin, plugin, plugin]);
    });
  });

  describe(`${title}: a stream`, () => {
    it("yields all items in order, each time that it is iterated", async () => {
      let calls = 0;
      const { server, caller, client } = await pair({
        async *count({ to }) {
          calls += 1;
          for (let i = 1; i <= to; i += 1) yield await Promise.resolve(i);
        },
      });
      const stream = client.count({ to: 1000 });
      await setImmediate();
      expect(calls).toBe(0);
      const expected = Array.from({ length: 1000 }, (_, index) => index + 1);
      expect(await collect(stream)).toEqual(expected);
      expect(await collect(stream)).toEqual(expected);
      expect(calls).toBe(2);
      expect(await collect(client.count({ to: 0 }))).toEqual([]);
      await until("nothing is left", () => server.vortex.statistics().running === 0);
      expect(caller.vortex.statistics()).toMatchObject({ pending: 0, timers: 0 });
    });

    it("may be an array, and may be read by several next() at once", async () => {
      const { client } = await pair({ count: () => [1, 2, 3] });
      const iterator = client.count({ to: 3 })[Symbol.asyncIterator]();
      const steps = await Promise.all([iterator.next(), iterator.next(), iterator.next(), iterator.next()]);
      expect(steps.map(({ value }) => value)).toEqual([1, 2, 3, undefined]);
    });

    it("is not produced faster than it is consumed", async () => {
      let produced = 0;
      const { server, client } = await pair({
        count: function* () {
          for (;;) yield (produced += 1);
        },
      });
      const iterator = client.count({ to: 0 })[Symbol.asyncIterator]();
      expect(await iterator.next()).toMatchObject({ value: 1 });
      // A message that must not be sent would arrive before this one.
      await client.ping();
      await client.ping();
      expect(produced).toBe(32);
      for (let i = 2; i <= 500; i += 1) expect(await iterator.next()).toMatchObject({ value: i });
      await client.ping();
      expect(produced).toBeLessThanOrEqual(532);
      await iterator.return?.();
      await until("it has ended", () => server.vortex.statistics().running === 0);
    });

    it("ends the handler's iterator when the consumer breaks", async () => {
      const events: string[] = [];
      const { server, client } = await pair({
        async *count(_, { signal }) {
          signal.addEventListener("abort", () => events.push(String(Reflect.get(signal.reason as object, "code"))));
          try {
            for (let i = 1; ; i += 1) yield await Promise.resolve(i);
          } finally {
            events.push("returned");
          }
        },
      });
      for await (const item of client.count({ to: 0 })) if (item === 40) break;
      await until("it has ended", () => server.vortex.statistics().running === 0);
      expect(events).toEqual(["CALL_CANCELLED", "returned"]);
      expect(server.log.lines).toEqual([]);
    });

    it("fails with the handler's error, after the items before it", async () => {
      const { client } = await pair({
        async *count() {
          yield await Promise.resolve(1);
          yield 2;
          throw new PeekError("STORAGE_BUSY", "later");
        },
      });
      const items: number[] = [];
      const error = await caught(async () => {
        for await (const item of client.count({ to: 0 })) items.push(item);
      });
      expect([items, error.code]).toEqual([[1, 2], "STORAGE_BUSY"]);
    });

    it("fails with an invalid item, and when the handler returns no iterable", async () => {
      const { server, client } = await pair({
        count: ({ to }) => (to === 1 ? ["one"] : to) as unknown as number[],
      });
      expect(await caught(collect(client.count({ to: 1 })))).toMatchObject({
        code: "DATA_INVALID",
        message: expect.stringContaining("an item of peek_plugin_pump.Pumps.count"),
      });
      expect(await codeOf(collect(client.count({ to: 2 })))).toBe("CONTRACT_INVALID");
      await until("nothing runs", () => server.vortex.statistics().running === 0);
    });

    it("has its deadline for each item", async () => {
      const { server, client } = await pair({
        async *count(_, { signal }) {
          for (let i = 1; i < 4; i += 1) {
            await delay(60);
            yield i;
          }
          await fired(signal);
        },
      });
      const items: number[] = [];
      const error = await caught(async () => {
        for await (const item of client.count({ to: 0 }, { deadlineMs: 150 })) items.push(item);
      });
      expect([items, error.code]).toEqual([[1, 2, 3], "DEADLINE_EXCEEDED"]);
      await until("it has ended", () => server.vortex.statistics().running === 0);
    });

    it("ends with the caller's signal", async () => {
      const { server, client } = await pair({
        async *count(_, { signal }) {
          yield 1;
          await fired(signal);
        },
      });
      const controller = new AbortController();
      const iterator = client.count({ to: 0 }, { signal: controller.signal })[Symbol.asyncIterator]();
      await iterator.next();
      const next = iterator.next();
      controller.abort(new Error("enough"));
      await expect(next).rejects.toThrow("enough");
      expect(await iterator.next()).toEqual({ done: true, value: undefined });
      await until("it has ended", () => server.vortex.statistics().running === 0);
    });

    it("fails when the serving process is killed, and ends there when the consuming one is", async () => {
      const own: Partial<Handlers> = {
        async *count(_, { signal }) {
          yield 1;
          await fired(signal);
        },
      };
      const first = await pair(own);
      const iterator = first.client.count({ to: 0 })[Symbol.asyncIterator]();
      await iterator.next();
      const next = caught(iterator.next());
      await harness.kill(first.server.bus);
      expect((await next).code).toBe("PEER_GONE");

      const second = await pair(own);
      const abandoned = second.client.count({ to: 0 })[Symbol.asyncIterator]();
      await abandoned.next();
      expect(second.server.vortex.statistics().running).toBe(1);
      await harness.kill(second.caller.bus);
      await until("it has ended", () => second.server.vortex.statistics().running === 0);
    });

    it.each(["when it is called", "while it gives items"])(
      "whose handler takes its contract back %s ends",
      async (when) => {
        const ended: string[] = [];
        const { served, client } = await pair({
          count: ({ to }) => {
            if (to === 0) closing = served[Symbol.asyncDispose]();
            return (function* () {
              try {
                for (let i = 1; ; i += 1) {
                  if (to === i) closing = served[Symbol.asyncDispose]();
                  yield i;
                }
              } finally {
                ended.push("returned");
              }
            })();
          },
        });
        let closing: PromiseLike<void> | undefined;
        const to = when === "when it is called" ? 0 : 3;
        expect(await codeOf(collect(client.count({ to })))).toBe("VORTEX_CLOSED");
        await closing;
        expect(ended).toEqual(to === 0 ? [] : ["returned"]);
      },
    );

    it("ends when its contract is withdrawn, though it would never end", async () => {
      const { served, client } = await pair({
        count: function* () {
          for (let i = 1; ; i += 1) yield i;
        },
      });
      const iterator = client.count({ to: 0 })[Symbol.asyncIterator]();
      await iterator.next();
      await served[Symbol.asyncDispose]();
      expect(
        await codeOf(async () => {
          for (;;) if ((await iterator.next()).done === true) return;
        }),
      ).toBe("VORTEX_CLOSED");
    });

    it("counts as a running call while it is open", async () => {
      const { client } = await pair({}, { concurrency: 1, queueLimit: 0 });
      const iterator = client.count({ to: 100 })[Symbol.asyncIterator]();
      await iterator.next();
      expect(await codeOf(client.ping())).toBe("RPC_BUSY");
      await iterator.return?.();
      await until("there is room", async () => (await client.ping().catch(() => "busy")) === undefined);
    });
  });

  describe(`${title}: the end of a plugin's phase`, () => {
    it("cancels its calls, and withdraws its contracts", async () => {
      const { server, caller, client } = await pair({ echo: (_, { signal }) => fired(signal).then(() => undefined) });
      const call = codeOf(client.echo(1));
      const iterator = client.count({ to: 1000 })[Symbol.asyncIterator]();
      await iterator.next();
      const waiting = codeOf(caller.plugin.rpc.client(pumps, { to: "worker", wait: true }).ping());
      await until("it runs", () => server.vortex.statistics().running === 2);
      const unbegun = client.count({ to: 1 });
      await caller.stack.disposeAsync();
      expect(await codeOf(collect(unbegun))).toBe("PLUGIN_RELEASED");
      expect(await call).toBe("PLUGIN_RELEASED");
      expect(await waiting).toBe("PLUGIN_RELEASED");
      expect(await codeOf(client.ping())).toBe("PLUGIN_RELEASED");
      await until("nothing runs", () => server.vortex.statistics().running === 0);
      await server.stack.disposeAsync();
      expect(server.vortex.statistics()).toMatchObject({ contracts: 0, timers: 0 });
      expect(caller.vortex.statistics()).toMatchObject({ pending: 0, waiting: 0, timers: 0 });
    });

    it("ends resources of that phase, not of earlier ones", async () => {
      const { server, caller, client } = await pair({ echo: () => gate.opened });
      const gate = new Gate();
      const early = client.echo(1);
      const loadStack = caller.stack;
      caller.stack = new AsyncDisposableStack();
      const late = codeOf(client.echo(2));
      await until("both run", () => server.vortex.statistics().running === 2);
      await caller.stack.disposeAsync();
      expect(await late).toBe("PLUGIN_RELEASED");
      caller.stack = loadStack;
      gate.open();
      expect(await early).toBeUndefined();
    });
  });

  describe(`${title}: a contract of large items`, () => {
    it("has at most a little over 1 MiB of unconsumed items", async () => {
      const texts = defineRpc(`${plugin}.Texts`, { read: { stream: z.string() } });
      let produced = 0;
      const server = await join("agent");
      server.plugin.rpc.serve(texts, {
        read: function* () {
          while (produced < 40) {
            produced += 1;
            yield "x".repeat(400_000);
          }
        },
      });
      const caller = await join("logic");
      const client = caller.plugin.rpc.client(texts, { to: "agent", wait: true });
      const iterator = client.read()[Symbol.asyncIterator]();
      await iterator.next();
      await setImmediate();
      expect(produced).toBeLessThanOrEqual(5);
      let count = 1;
      while ((await iterator.next()).done !== true) count += 1;
      expect(count).toBe(40);
    });
  });
}
