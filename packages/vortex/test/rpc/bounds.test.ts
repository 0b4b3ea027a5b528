import { defineRpc } from "@peek/plugin-base/contracts";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { z } from "zod";
import { pumps } from "./contracts.ts";
import { MemoryHarness } from "./MemoryHarness.ts";
import { RawPeer } from "./RawPeer.ts";
import { plugin, TestService } from "./TestService.ts";
import { caught, codeOf, collect, fired, until } from "@peek/kit/testing";

const feeds = defineRpc(`${plugin}.Feeds`, {
  lines: { stream: z.int() },
  silent: { stream: z.int() },
  hold: { input: z.string() },
  ping: {},
});

let harness: MemoryHarness;
let server: TestService;
let peer: RawPeer;
let other: RawPeer;
let reasons: unknown[];

beforeEach(async () => {
  harness = new MemoryHarness();
  const { bus, member } = await harness.join("agent");
  server = new TestService(bus, member);
  peer = await RawPeer.join(harness, "logic");
  other = await RawPeer.join(harness, "field");
  reasons = [];
});

afterEach(async () => {
  vi.useRealTimers();
  await server[Symbol.asyncDispose]();
});

function serve(concurrency: number): void {
  server.plugin.rpc.serve(
    feeds,
    {
      *lines() {
        for (let i = 0; ; i += 1) yield i;
      },
      async *silent(_, { signal }) {
        reasons.push(await fired(signal));
        yield 1;
      },
      hold: async (_, { signal }) => void (await fired(signal)),
      ping: () => undefined,
    },
    { concurrency },
  );
}

describe("a contract", () => {
  it("ends stalled streams of callers with more than their share while calls are queued", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
    serve(4);
    const call = (id: string, name: string): string => `c${id} 60000 ${feeds.name} ${name}\t`;
    peer.send(server.bus.self, call("1", "lines"), call("2", "lines"), call("3", "lines"), call("4", "lines"));
    await until("all stand still", () => peer.texts.length === 4 * 32);
    peer.texts.length = 0;
    vi.advanceTimersByTime(10_000);
    peer.send(server.bus.self, "k4 1");
    await until("one goes on", () => peer.texts.length === 1);
    expect(server.vortex.statistics()).toMatchObject({ running: 4 });
    other.send(server.bus.self, call("1", "ping"));
    await until("it waits", () => server.vortex.statistics().queued === 1);
    vi.advanceTimersByTime(1100);
    await other.next(/^r1\t/);
    await peer.next(/^e1\t.*DEADLINE_EXCEEDED.*were not consumed/);
    expect(peer.texts).toHaveLength(2);
    expect(server.vortex.statistics()).toMatchObject({ running: 3, queued: 0 });
  });

  it("ends a stalled stream that started while calls were queued", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
    serve(1);
    peer.send(server.bus.self, `c1 60000 ${feeds.name} hold\t"x"`, `c2 60000 ${feeds.name} lines\t`);
    await until("one waits", () => server.vortex.statistics().queued === 1);
    other.send(server.bus.self, `c1 60000 ${feeds.name} ping\t`);
    await until("both wait", () => server.vortex.statistics().queued === 2);
    peer.send(server.bus.self, "x1");
    await until("it stands still", () => peer.texts.length === 32);
    vi.advanceTimersByTime(7000);
    await other.next(/^r1\t/);
  });

  it("applies the deadline of a stream until its first item", async () => {
    serve(1);
    peer.send(server.bus.self, `c1 30 ${feeds.name} silent\t`);
    await until("it is over", () => reasons.length === 1);
    expect(reasons).toMatchObject([{ code: "DEADLINE_EXCEEDED" }]);
    peer.send(server.bus.self, `c2 30 ${feeds.name} lines\t`);
    await until("it stands still", () => peer.texts.length === 32);
    expect(server.vortex.statistics()).toMatchObject({ running: 1, timers: 0 });
  });

  it("queues at most 64 MiB, and leaves some of it to other callers", async () => {
    serve(1);
    const body = "x".repeat(15 * 1024 * 1024);
    const call = (id: number): string => `c${id} 60000 ${feeds.name} hold\t"${body}"`;
    for (let id = 1; id <= 4; id += 1) peer.send(server.bus.self, call(id));
    await peer.next(/^e4\t.*RPC_BUSY/);
    other.send(server.bus.self, call(1), `c2 60000 ${feeds.name} hold\t"short"`);
    await until("theirs wait", () => server.vortex.statistics().queued === 4);
    peer.send(server.bus.self, "x2", "x3", "x1");
    other.send(server.bus.self, "x1", "x2", call(3));
    await until("one runs", () => server.vortex.statistics().queued === 0);
    for (let id = 5; id <= 6; id += 1) peer.send(server.bus.self, call(id));
    await until("there is room again", () => server.vortex.statistics().queued === 2);
    expect(peer.texts).toHaveLength(1);
  });
});

describe("a client", () => {
  it("ends a stream that far exceeds its window", async () => {
    const items = server.plugin.rpc.client(pumps, { to: peer.bus.self }).count({ to: 1 })[Symbol.asyncIterator]();
    const first = items.next();
    const id = /^c(\w+)/.exec(await peer.next(/^c/))?.[1] ?? "";
    const item = `n${id}\t${"1".padStart(1024 * 1024)}`;
    peer.send(server.bus.self, item, item, item, item, item);
    await first;
    await peer.next(/^x/);
    expect(await codeOf(collect({ [Symbol.asyncIterator]: () => items }))).toBe("VORTEX_FRAME_INVALID");
  });
});

describe("a mistake that only plain JavaScript permits", () => {
  it.each<[string, (name: never) => unknown]>([
    ["to", (name) => server.plugin.rpc.client(feeds, { to: name })],
    ["to, of all", (name) => server.plugin.rpc.clientOfAll(feeds, { to: name })],
    ["to, of an instance", (name) => server.plugin.rpc.client(feeds, { to: { service: name, instance: "x" } })],
    ["acceptOnlyFrom of RPC", (name) => server.plugin.rpc.serve(pumps, {} as never, { acceptOnlyFrom: name })],
    ["acceptOnlyFrom, a list", (name) => server.plugin.rpc.serve(pumps, {} as never, { acceptOnlyFrom: [name] })],
    [
      "acceptOnlyFrom of payloads",
      (name) => server.plugin.payloads.endpoint({}, () => undefined, { acceptOnlyFrom: name }),
    ],
    ["to, of a payload", async (name) => await server.plugin.payloads.send({ filt: {} }, { to: name })],
    ["whom is waited for", async (name) => await server.plugin.presence.waitFor(name)],
    ["whose changes", (name) => server.plugin.presence.changes({ service: name })],
  ])("is an error at once: %s", async (_, action) => {
    const error = await caught(async () => await action("agnet" as never));
    expect(error).toMatchObject({ code: "CONTRACT_INVALID", message: expect.stringContaining('"agnet" is not a ser') });
  });

  it("is an empty acceptOnlyFrom, or a peer without an instance, and is refused", async () => {
    const { rpc, payloads } = server.plugin;
    expect(await codeOf(() => rpc.serve(pumps, {} as never, { acceptOnlyFrom: [] }))).toBe("CONTRACT_INVALID");
    expect(await codeOf(() => payloads.endpoint({}, () => undefined, { acceptOnlyFrom: [] }))).toBe("CONTRACT_INVALID");
    expect(await codeOf(() => rpc.client(feeds, { to: { service: "agent" } as never }))).toBe("CONTRACT_INVALID");
    expect(await codeOf(() => rpc.client(feeds, { to: null as never }))).toBe("CONTRACT_INVALID");
  });
});
