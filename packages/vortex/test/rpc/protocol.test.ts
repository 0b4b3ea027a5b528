import { setImmediate } from "node:timers/promises";
import { encode } from "@peek/plugin-base/contracts";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { other, pumps } from "./contracts.ts";
import { DisconnectableBus } from "./DisconnectableBus.ts";
import { MemoryHarness } from "./MemoryHarness.ts";
import { RawPeer } from "./RawPeer.ts";
import { TestService } from "./TestService.ts";
import { caught, codeOf, collect, fired, until } from "@peek/kit/testing";

let harness: MemoryHarness;
let service: TestService;
let bus: DisconnectableBus;
let peer: RawPeer;

beforeEach(async () => {
  harness = new MemoryHarness();
  const joined = await harness.join("agent");
  bus = new DisconnectableBus(joined.bus);
  service = new TestService(bus, joined.member);
  peer = await RawPeer.join(harness, "logic");
});

afterEach(async () => {
  await service[Symbol.asyncDispose]();
  await peer.bus[Symbol.asyncDispose]();
});

/** The id of the call that the peer received. */
async function sentId(): Promise<string> {
  return /^c([0-9a-z]+) /.exec(await peer.next(/^c/))?.[1] ?? "";
}

describe("a server", () => {
  beforeEach(() => {
    service.plugin.rpc.serve(pumps, {
      add: ({ a, b }) => a + b,
      echo: (_, { signal }) => fired(signal).then(() => "never sent"),
      ping: () => undefined,
      start: () => undefined,
      count: () => [1, 2],
    });
  });

  it("sends frames in the order and form of the protocol", async () => {
    peer.send(service.bus.self, `c1 1000 ${pumps.name} add\t{"a":1}`, `cz 1000 ${pumps.name} ping\t`);
    peer.send(service.bus.self, `c20 1000 ${pumps.name} count\t{"to":1}`);
    await peer.next(/^d/);
    expect(peer.texts).toEqual(["r1\t10", "rz\t", "n20\t1", "n20\t2", "d20"]);
  });

  it("sends nothing for a call that was cancelled, or is late", async () => {
    peer.send(service.bus.self, `c1 60000 ${pumps.name} echo\t1`, "x1", `c2 30 ${pumps.name} echo\t1`);
    await until("both have begun", () => service.vortex.statistics().running > 0);
    await until("none runs", () => service.vortex.statistics().running === 0);
    peer.send(service.bus.self, `c3 1000 ${pumps.name} ping\t`);
    await peer.next(/^r3/);
    expect(peer.texts).toEqual(["r3\t"]);
  });

  it("sends an error for an invalid call, and logs it once", async () => {
    peer.send(service.bus.self, "c5 soon x y\t1", "c6 10", `c7 10 ${"x".repeat(500)}\t`);
    peer.send(service.bus.self, "", "q", "c", "c!", "k1", "x", "r", "d-1", "n\t", "é", "p", "p{}\t", "\0", "c1\t\t\t");
    peer.send(service.bus.self, `c8 1000 ${pumps.name} ping\t`);
    await peer.next(/^r8/);
    const errors = peer.texts.filter((text) => text.startsWith("e"));
    expect(errors.map((text) => text.slice(0, 32))).toEqual(
      ["e5", "e6", "e7"].map((id) => `${id}\t{"code":"VORTEX_FRAME_INVALID`),
    );
    expect(service.vortex.statistics().invalidFrames).toBe(17);
    expect(service.log.lines).toEqual([expect.stringContaining(peer.bus.self.instance)]);
  });

  it("never sends a stack trace", async () => {
    peer.send(
      service.bus.self,
      `c1 1000 ${pumps.name} add\t{"a":`,
      `c2 1000 ${pumps.name} add\t{"$x":1}`,
      "c3 1000 a b\t",
    );
    peer.send(service.bus.self, `c4 1000 ${pumps.name} __proto__\t`, `c5 1000 ${pumps.name} toString\t`);
    await peer.next(/^e5/);
    expect(peer.texts).toHaveLength(5);
    expect(peer.texts.join("\n")).not.toMatch(/ {4}at |\.ts:/);
  });

  it("never sends more of a stream than its window admits, for any credit that the peer claims", async () => {
    peer.send(service.bus.self, `c1 1000 ${pumps.name} echo\t`, "k1 1", "k9 99", `c1 1000 ${pumps.name} ping\t`);
    await until("they came", () => service.vortex.statistics().invalidFrames === 2);
    expect(peer.texts).toEqual([]);
    peer.send(service.bus.self, "x1");
  });
});

describe("an answer", () => {
  const call = async (text: (id: string) => string): Promise<unknown> => {
    const answer = service.plugin.rpc.client(pumps, { to: peer.bus.self }).add({ a: 1 });
    const id = await sentId();
    peer.send(service.bus.self, text(id));
    return await answer;
  };

  it("is a typed error, however invalid it is", async () => {
    expect(await codeOf(call((id) => `r${id}\tnull`))).toBe("DATA_INVALID");
  });

  it.each([
    ["", "DATA_INVALID"],
    ["null", "DATA_INVALID"],
    ['{"code":5,"message":"m"}', "DATA_INVALID"],
    ['{"__proto__":{"code":"FORBIDDEN"}}', "DATA_INVALID"],
    ["[".repeat(100_000), "DATA_INVALID"],
    ['{"code":"FORBIDDEN","message":"m"}', "FORBIDDEN"],
    ['{"code":"toString","message":"m"}', "RPC_HANDLER_FAILED"],
    // Codes that only the caller's side can determine.
    ['{"code":"VORTEX_NOBODY","message":"m"}', "RPC_HANDLER_FAILED"],
    ['{"code":"PEER_GONE","message":"m"}', "RPC_HANDLER_FAILED"],
    ['{"code":"RPC_REJECTED","message":"m","error":"toString","data":1}', "RPC_HANDLER_FAILED"],
  ])("is an error like %.40s", async (body, code) => {
    expect(await codeOf(call((id) => `e${id}\t${body}`))).toBe(code);
  });

  it("with a code of a newer version is an error that names the code", async () => {
    const error = await caught(call((id) => `e${id}\t${encode({ code: "PUMP_MELTED", message: "hot" })}`));
    expect(error.message).toContain('"PUMP_MELTED"');
    expect(error.message).toContain("hot");
    expect(error.fields).toMatchObject({ code: "PUMP_MELTED", service: "logic" });
  });

  it("that is a stream in place of one value is an error", async () => {
    expect(await codeOf(call((id) => `n${id}\t1`))).toBe("VORTEX_FRAME_INVALID");
  });

  it("counts only from the called peer", async () => {
    const liar = await RawPeer.join(harness, "logic");
    const answer = service.plugin.rpc.client(pumps, { to: peer.bus.self }).add({ a: 1 });
    const id = await sentId();
    liar.send(service.bus.self, `r${id}\t666`);
    await setImmediate();
    peer.send(service.bus.self, `r${id}\t2`);
    expect(await answer).toBe(2);
  });

  it("with more items than the window ends the stream", async () => {
    const iterator = service.plugin.rpc.client(pumps, { to: peer.bus.self }).count({ to: 1 })[Symbol.asyncIterator]();
    const first = iterator.next();
    const id = await sentId();
    peer.send(service.bus.self, ...Array.from({ length: 50 }, (_, index) => `n${id}\t${index}`));
    expect(await first).toMatchObject({ value: 0 });
    await peer.next(/^x/);
    expect(await codeOf(async () => void (await collect({ [Symbol.asyncIterator]: () => iterator })))).toBe(
      "VORTEX_FRAME_INVALID",
    );
  });
});

describe("a client", () => {
  it("sends nothing for an aborted signal, and cancels the call when the signal fires", async () => {
    const client = service.plugin.rpc.client(pumps, { to: peer.bus.self });
    await expect(client.ping(undefined, { signal: AbortSignal.abort("no") })).rejects.toBe("no");
    const controller = new AbortController();
    const answer = client.ping(undefined, { signal: controller.signal });
    const id = await sentId();
    controller.abort("enough");
    await expect(answer).rejects.toBe("enough");
    await peer.next(new RegExp(`^x${id}$`));
    expect(peer.texts).toHaveLength(2);
    expect(await codeOf(client.ping(undefined, { deadlineMs: 20 }))).toBe("DEADLINE_EXCEEDED");
    await peer.next(/^x.* d$/);
  });

  it("refuses an invalid deadline", async () => {
    const client = service.plugin.rpc.client(pumps, { to: peer.bus.self });
    expect(await codeOf(client.ping(undefined, { deadlineMs: Number.NaN }))).toBe("DATA_INVALID");
    expect(await codeOf(client.ping(undefined, { deadlineMs: 0 }))).toBe("DEADLINE_EXCEEDED");
    const answer = codeOf(client.ping(undefined, { deadlineMs: Infinity }));
    // The longest deadline, less the time that has passed since the call.
    await peer.next(/^c\w+ 99999\d{5} /);
    await service.stack.disposeAsync();
    expect(await answer).toBe("PLUGIN_RELEASED");
  });

  it("announces contracts that are served one after the other together", async () => {
    const announced: (readonly string[])[] = [];
    await peer.bus.watch("agent");
    peer.bus.onPresence((change) => announced.push(change.peer.serves));
    service.plugin.rpc.serve(other, { ping: () => undefined });
    const served = service.plugin.rpc.serve(pumps, {
      add: () => 1,
      echo: () => 1,
      ping: () => undefined,
      start: () => undefined,
      count: () => [],
    });
    await until("both contracts are announced", () => announced.length > 0);
    void served[Symbol.asyncDispose]();
    await until("the end of one is announced", () => announced.length > 1);
    expect(announced).toEqual([[other.name, pumps.name], [other.name]]);
  });
});

describe("a connection that is lost", () => {
  it("ends open calls on both sides, and refuses calls made meanwhile", async () => {
    const reasons: unknown[] = [];
    service.plugin.rpc.serve(other, {
      ping: async (_, { signal }) => {
        reasons.push(await fired(signal));
      },
    });
    const client = service.plugin.rpc.client(pumps, { to: "logic" });
    const direct = service.plugin.rpc.client(pumps, { to: peer.bus.self });
    peer.bus.announce([pumps.name]);
    const before = client.ping();
    peer.send(service.bus.self, `r${await sentId()}\t`);
    await before;
    const pending = codeOf(direct.ping());
    peer.send(service.bus.self, `c1 60000 ${other.name} ping\t`);
    await until("it runs", () => service.vortex.statistics().running === 1);
    bus.cut(true);
    expect(await pending).toBe("PEER_GONE");
    await until("the signal fires", () => reasons.length === 1);
    expect(reasons).toMatchObject([{ code: "PEER_GONE" }]);
    expect(await codeOf(client.ping())).toBe("VORTEX_DISCONNECTED");
    expect(await codeOf(direct.ping())).toBe("VORTEX_DISCONNECTED");

    const waiting = client.ping(undefined, { wait: true });
    expect(await codeOf(client.ping(undefined, { wait: true, deadlineMs: 30 }))).toBe("VORTEX_DISCONNECTED");
    peer.texts.length = 0;
    bus.cut(false);
    const id = await sentId();
    peer.send(service.bus.self, `r${id}\t`);
    expect(await waiting).toBeUndefined();
  });
});
