import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { pumps } from "./contracts.ts";
import { MemoryHarness } from "./MemoryHarness.ts";
import { TestService } from "./TestService.ts";
import { fired, until } from "@peek/kit/testing";

const idle = {
  pending: 0,
  waiting: 0,
  running: 0,
  queued: 0,
  streamsIn: 0,
  streamsOut: 0,
  timers: 0,
  presenceFeeds: 0,
  invalidFrames: 0,
};

let harness: MemoryHarness;
let server: TestService;
let caller: TestService;

beforeEach(async () => {
  harness = new MemoryHarness();
  const join = async (name: "agent" | "logic"): Promise<TestService> => {
    const { bus, member } = await harness.join(name);
    return new TestService(bus, member);
  };
  server = await join("agent");
  caller = await join("logic");
  server.plugin.rpc.serve(
    pumps,
    {
      add: ({ a, b }) => a + b,
      echo: async (_, { signal }) => void (await fired(signal)),
      ping: () => undefined,
      start: () => undefined,
      count: () => [1, 2, 3],
    },
    { concurrency: 1000, queueLimit: 100_000 },
  );
});

afterEach(async () => {
  await server[Symbol.asyncDispose]();
  await caller[Symbol.asyncDispose]();
});

/** The used heap after a garbage collection; bytes. */
function heapUsed(): number {
  setFlagsFromString("--expose-gc");
  const collect: unknown = runInNewContext("gc");
  if (typeof collect === "function") collect();
  return process.memoryUsage().heapUsed;
}

/** Makes calls that are answered, cancelled and late, and streams that are ended early. */
async function mixture(count: number): Promise<void> {
  const client = caller.plugin.rpc.client(pumps, { to: "agent", wait: true });
  const one = async (index: number): Promise<void> => {
    const controller = new AbortController();
    switch (index % 10) {
      case 0: {
        const call = client.echo(index, { signal: controller.signal });
        controller.abort();
        await call.catch(() => undefined);
        return;
      }
      case 1:
        await client.echo(index, { deadlineMs: 1 }).catch(() => undefined);
        return;
      case 2:
        for await (const item of client.count({ to: 3 })) if (item === 2) break;
        return;
      default:
        await client.add({ a: index }, { signal: controller.signal });
    }
  };
  for (let start = 0; start < count; start += 500) {
    await Promise.all(Array.from({ length: 500 }, (_, index) => one(index)));
  }
  await until("nothing runs", () => server.vortex.statistics().running === 0);
}

describe("100,000 calls, many of which are given up", () => {
  it("leave no call, timer, listener or memory behind", async () => {
    const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
    await mixture(20_000);
    const [heap, live] = [heapUsed(), timers()];
    await mixture(80_000);
    expect(server.vortex.statistics()).toMatchObject(idle);
    expect(caller.vortex.statistics()).toMatchObject(idle);
    expect(timers()).toBeLessThanOrEqual(live);
    expect(heapUsed() - heap).toBeLessThan(4 * 1024 * 1024);
  });

  it("leave no listener on a signal that outlives them", async () => {
    const client = caller.plugin.rpc.client(pumps, { to: "agent", wait: true });
    const { signal } = new AbortController();
    let listening = 0;
    const add = signal.addEventListener.bind(signal);
    const remove = signal.removeEventListener.bind(signal);
    signal.addEventListener = (...args: Parameters<typeof add>) => {
      listening += 1;
      add(...args);
    };
    signal.removeEventListener = (...args: Parameters<typeof remove>) => {
      listening -= 1;
      remove(...args);
    };
    await client.add({ a: 1 }, { signal });
    await client.echo(1, { signal, deadlineMs: 20 }).catch(() => undefined);
    for await (const item of client.count({ to: 3 }, { signal })) if (item === 2) break;
    for await (const change of caller.plugin.presence.changes({ signal })) if (change.kind === "joined") break;
    expect(listening).toBe(0);
  });
});

describe("peers that come and go", () => {
  it("leave no state behind", async () => {
    for (let i = 0; i < 200; i += 1) {
      const { bus, member } = await harness.join("field");
      await using visitor = new TestService(bus, member);
      await visitor.plugin.rpc.client(pumps, { to: "agent", wait: true }).ping();
      await caller.plugin.payloads.send({ filt: { key: "hello" } }, { to: visitor.bus.self });
    }
    expect(server.vortex.statistics()).toMatchObject(idle);
  });
});
