import { describe, expect, it } from "vitest";
import { natsAuthorization } from "../../src/nats/index.ts";
import { NatsServer } from "../nats/NatsServer.ts";
import { TcpProxy } from "../nats/TcpProxy.ts";
import { connected } from "./BusHarness.ts";
import { type OpenNatsBus, openNatsBus } from "./openNatsBus.ts";

/** Waits until two buses know each other and can exchange messages. */
async function acquainted(logic: OpenNatsBus, agent: OpenNatsBus): Promise<void> {
  const before = logic.recorder.texts.length;
  await agent.recorder.until(() => agent.bus.peers("logic").length === 1, "logic is there");
  await logic.recorder.until(() => logic.bus.peers("agent").length === 1, "agent is there");
  agent.bus.send(logic.bus.self, "hello");
  await logic.recorder.until(() => logic.recorder.texts.length > before, "logic has the text");
  const received = agent.recorder.texts.length;
  logic.bus.send(agent.bus.self, "hello to you");
  await agent.recorder.until(() => agent.recorder.texts.length > received, "agent has the text");
}

async function openPair(
  servers: readonly [NatsServer, NatsServer],
  heartbeatMs?: number,
): Promise<readonly [OpenNatsBus, OpenNatsBus]> {
  const options = heartbeatMs === undefined ? {} : { heartbeatMs };
  const logic = openNatsBus(servers[0], "logic", options);
  const agent = openNatsBus(servers[1], "agent", options);
  await logic.bus.watch("agent");
  await agent.bus.watch("logic");
  await connected(logic.bus);
  await connected(agent.bus);
  return [logic, agent];
}

describe("a NATS server", () => {
  it("may come and go; each change is logged once", async () => {
    await using server = await NatsServer.start();
    await server.kill();
    const [logic, agent] = [openNatsBus(server, "logic"), openNatsBus(server, "agent")];
    await using stack = new AsyncDisposableStack();
    stack.use(logic);
    stack.use(agent);
    await logic.bus.watch("agent");
    await agent.bus.watch("logic");
    await server.start();
    await connected(logic.bus);
    await connected(agent.bus);
    await acquainted(logic, agent);
    await server.kill();
    await agent.log.until(/Still waiting/);
    await logic.recorder.until(() => logic.bus.state === "connecting");
    await server.start();
    await connected(agent.bus);
    await connected(logic.bus);
    await acquainted(logic, agent);
    const where = `NATS at 127.0.0.1:${server.port}`;
    expect(agent.log.lines.map((line) => line.replace(/[\d.]+ s, at attempt \d+/, "…"))).toEqual([
      `info Waiting for ${where}: 127.0.0.1:${server.port}: nothing listens there. Retrying`,
      `info Connected to ${where} after …`,
      `warning Lost ${where}: 127.0.0.1:${server.port}: the connection was lost. Reconnecting`,
      `warning Still waiting for ${where}: 127.0.0.1:${server.port}: nothing listens there`,
      `info Reconnected to ${where} after …`,
    ]);
  });

  it("that hangs is detected by the heartbeat, and no message sent meanwhile arrives late", async () => {
    await using server = await NatsServer.start();
    const [logic, agent] = await openPair([server, server]);
    await using stack = new AsyncDisposableStack();
    stack.use(logic);
    stack.use(agent);
    await acquainted(logic, agent);
    await server.standStill();
    agent.bus.send(logic.bus.self, "lost");
    await agent.recorder.until(() => agent.bus.state === "connecting");
    await logic.recorder.until(() => logic.bus.state === "connecting");
    server.goOn();
    await connected(agent.bus);
    await connected(logic.bus);
    await acquainted(logic, agent);
    expect(logic.recorder.texts.map(({ text }) => text)).not.toContain("lost");
  });

  it("that accepts no data makes send() refuse messages, within bounds", async () => {
    await using server = await NatsServer.start();
    await using logic = openNatsBus(server, "logic", { heartbeatMs: 60_000 });
    await using agent = openNatsBus(server, "agent", { heartbeatMs: 60_000 });
    await connected(logic.bus);
    await agent.bus.watch("logic");
    await connected(agent.bus);
    await agent.bus.watch("logic");
    await agent.recorder.until(() => agent.bus.peers("logic").length === 1);
    await server.standStill();
    const text = "x".repeat(100_000);
    let sent = 0;
    const sendAll = (): void => {
      for (; sent < 10_000; sent += 1) agent.bus.send(logic.bus.self, text);
    };
    expect(sendAll).toThrow(expect.objectContaining({ code: "VORTEX_OVERLOADED" }));
    expect(sent * text.length).toBeGreaterThan(32_000_000);
    expect(sent * text.length).toBeLessThan(36_000_000);
    server.goOn();
    await logic.recorder.until(() => logic.recorder.texts.length === sent);
    agent.bus.send(logic.bus.self, "again");
    await logic.recorder.until(() => logic.recorder.texts.at(-1)?.text === "again");
  });

  it("with a small max_payload gets long messages in fragments, in order", async () => {
    await using server = await NatsServer.start({ config: `max_payload: 8192\n${natsAuthorization()}` });
    const [logic, agent] = await openPair([server, server]);
    await using stack = new AsyncDisposableStack();
    stack.use(logic);
    stack.use(agent);
    await acquainted(logic, agent);
    const texts = [1, 8191, 8192, 8193, 10, 100_000, 0, 16_384, 3].map((length) =>
      "ä€x".repeat(length).slice(0, length),
    );
    for (const text of texts) agent.bus.send(logic.bus.self, text);
    await logic.recorder.until(() => logic.recorder.texts.length > texts.length);
    expect(logic.recorder.texts.slice(1).map(({ text }) => text)).toEqual(texts);
  });

  it("that accepts no data still gets short messages, up to twice the limit", async () => {
    await using server = await NatsServer.start();
    const [logic, agent] = await openPair([server, server], 60_000);
    await using stack = new AsyncDisposableStack();
    stack.use(logic);
    stack.use(agent);
    await acquainted(logic, agent);
    await server.standStill();
    const overloaded = expect.objectContaining({ code: "VORTEX_OVERLOADED" });
    const text = "x".repeat(100_000);
    expect(() => {
      for (;;) agent.bus.send(logic.bus.self, text);
    }).toThrow(overloaded);
    const short = "s".repeat(1024);
    let sent = 0;
    const sendShort = (): void => {
      for (; sent < 100_000; sent += 1) agent.bus.send(logic.bus.self, short);
    };
    expect(sendShort).toThrow(overloaded);
    expect(sent * short.length).toBeGreaterThan(25_000_000);
    expect(sent * short.length).toBeLessThan(40_000_000);
    server.goOn();
  });

  it("with a small max_payload gets long presence records in fragments", async () => {
    await using server = await NatsServer.start({ config: `max_payload: 4096\n${natsAuthorization()}` });
    const [logic, agent] = await openPair([server, server]);
    await using stack = new AsyncDisposableStack();
    stack.use(logic);
    stack.use(agent);
    await acquainted(logic, agent);
    const serves = Array.from({ length: 200 }, (_, index) => `peek_plugin_${"x".repeat(50)}.Contract${1000 + index}`);
    agent.bus.announce(serves);
    await logic.recorder.until(() => logic.recorder.changes.at(-1)?.peer.serves.length === serves.length);
    expect(logic.bus.peers("agent")).toMatchObject([{ instance: agent.bus.self.instance, serves }]);
    // A later bus gets the whole record, and so do all with each heartbeat: no peer is considered gone.
    await using late = openNatsBus(server, "office");
    await late.bus.watch("agent");
    await connected(late.bus);
    expect(late.bus.peers("agent")).toMatchObject([{ instance: agent.bus.self.instance, serves }]);
    const before = process.hrtime.bigint();
    while (process.hrtime.bigint() - before < 1_000_000_000n) await acquainted(logic, agent);
    expect(logic.recorder.news).toEqual([`joined ${agent.bus.self.instance}`, `updated ${agent.bus.self.instance}`]);
    for (const { log } of [logic, agent, late])
      expect(log.lines.filter((line) => !line.startsWith("info"))).toEqual([]);
  });

  it("is given up after an internal error of the bus", async () => {
    await using server = await NatsServer.start();
    await using agent = openNatsBus(server, "agent");
    agent.bus.onState((state) => {
      if (state === "connected") throw new Error("a listener's fault");
    });
    expect(await agent.fatal).toMatchObject({
      code: "INTERNAL",
      message: expect.stringContaining("a listener's fault"),
    });
    expect(agent.bus.state).toBe("closed");
  });

  it("that disconnects one service notifies the others of its end and its return", async () => {
    await using server = await NatsServer.start();
    await using relay = await TcpProxy.open(server.port);
    // The heartbeat is longer than this test.
    await using logic = openNatsBus(server, "logic", { heartbeatMs: 60_000 });
    await using agent = openNatsBus(server, "agent", { heartbeatMs: 60_000, config: { servers: [relay.url] } });
    await logic.bus.watch("agent");
    await agent.bus.watch("logic");
    await connected(logic.bus);
    await connected(agent.bus);
    await acquainted(logic, agent);
    const [before] = logic.bus.peers("agent");
    relay.cut();
    logic.bus.send(agent.bus.self, "lost");
    await logic.recorder.until(() => logic.recorder.changes.length === 3);
    const { instance } = agent.bus.self;
    expect(logic.recorder.news).toEqual([`joined ${instance}`, `left ${instance}`, `joined ${instance}`]);
    expect(logic.recorder.gone).toEqual([instance]);
    expect(agent.recorder.states).toEqual(["connected", "connecting", "connected"]);
    expect(logic.bus.peers("agent")[0]?.connectedSince).not.toBe(before?.connectedSince);
    await acquainted(logic, agent);
    expect(agent.recorder.texts.map(({ text }) => text)).toEqual(["hello to you", "hello to you"]);
  });

  it("disconnects a service that does not read, which reconnects", async () => {
    await using server = await NatsServer.start();
    await using relay = await TcpProxy.open(server.port);
    await using logic = openNatsBus(server, "logic", { heartbeatMs: 60_000 });
    await using agent = openNatsBus(server, "agent", { heartbeatMs: 60_000, config: { servers: [relay.url] } });
    await logic.bus.watch("agent");
    await agent.bus.watch("logic");
    await connected(logic.bus);
    await connected(agent.bus);
    await acquainted(logic, agent);
    relay.stopTaking();
    const text = "x".repeat(1_000_000);
    let refusals = 0;
    for (let sent = 0; sent < 100 && logic.recorder.gone.length === 0;) {
      try {
        logic.bus.send(agent.bus.self, text);
        sent += 1;
      } catch (error) {
        expect(error).toMatchObject({ code: expect.stringMatching(/VORTEX_(OVERLOADED|NOBODY)/) });
        refusals += 1;
        await new Promise<void>((resolve) => {
          setImmediate(resolve);
        });
      }
    }
    await logic.recorder.until(() => logic.recorder.gone.length > 0, `it is cut; refused ${refusals} times`, 20_000);
    await agent.recorder.until(() => agent.recorder.states.length === 3);
    await acquainted(logic, agent);
  });
});

describe("a cluster of NATS servers", () => {
  it("carries on when one server is killed", async () => {
    const servers = await NatsServer.startCluster();
    await using stack = new AsyncDisposableStack();
    for (const server of servers) stack.use(server);
    const [first, second, third] = servers;
    const logic = stack.use(openNatsBus([first, second, third], "logic"));
    const agents = [0, 1, 2, 3, 4, 5].map(() => stack.use(openNatsBus(servers, "agent")));
    await connected(logic.bus);
    await logic.bus.watch("agent");
    for (const { bus } of agents) {
      await bus.watch("logic");
      await connected(bus);
    }
    await logic.recorder.until(() => logic.bus.peers("agent").length === agents.length);
    for (const { bus, recorder } of agents) {
      await recorder.until(() => bus.peers("logic").length === 1);
      bus.send(logic.bus.self, "before");
    }
    await logic.recorder.until(() => logic.recorder.texts.length === agents.length);
    // A listed instance can get messages at once, over any server.
    expect(logic.recorder.gone).toEqual([]);
    await second.kill();
    const all = [logic, ...agents];
    const isWhole = (): boolean =>
      all.every(({ bus }) => bus.state === "connected") &&
      logic.bus.peers("agent").length === agents.length &&
      agents.every(({ bus }) => bus.peers("logic").length === 1);
    await settled(all, isWhole);
    logic.recorder.texts.length = 0;
    for (const { bus } of agents) bus.send(logic.bus.self, "after");
    await logic.recorder.until(() => logic.recorder.texts.length === agents.length);
    expect(logic.recorder.texts.map(({ from }) => from.instance).sort()).toEqual(
      agents.map(({ bus }) => bus.self.instance).sort(),
    );
    await second.start();
    await first.kill();
    await settled(all, isWhole);
    logic.recorder.texts.length = 0;
    for (const { bus } of agents) bus.send(logic.bus.self, "in the end");
    await logic.recorder.until(() => logic.recorder.texts.length === agents.length);
  });

  it("never reports a present instance as gone, however quickly instances join and get messages", async () => {
    const servers = await NatsServer.startCluster();
    await using stack = new AsyncDisposableStack();
    for (const server of servers) stack.use(server);
    const [first, second] = servers;
    const logic = stack.use(openNatsBus(first, "logic"));
    await connected(logic.bus);
    await logic.bus.watch("agent");
    logic.bus.onPresence(({ kind, peer }) => {
      if (kind === "joined") logic.bus.send(peer, "welcome");
    });
    for (let n = 0; n < 30; n += 1) {
      await using agent = openNatsBus(second, "agent");
      await agent.recorder.until(() => agent.recorder.texts.length > 0, `agent ${n} was welcomed`);
    }
    await logic.recorder.until(() => logic.recorder.gone.length === 30);
    expect(logic.recorder.news).toHaveLength(60);
    const order = logic.recorder.changes.map(({ kind }) => kind);
    expect(order.filter((_, index) => index % 2 === 0).every((kind) => kind === "joined")).toBe(true);
  });
});

/** Waits until a condition holds for a while: each bus detects the end of a server at another time. */
async function settled(all: readonly OpenNatsBus[], isSo: () => boolean): Promise<void> {
  const [first] = all;
  for (let quiet = 0, start = performance.now(); quiet < 3;) {
    await first?.recorder.until(() => true);
    await new Promise<void>((resolve) => {
      setTimeout(resolve, 300);
    });
    quiet = isSo() ? quiet + 1 : 0;
    if (performance.now() - start > 20_000) {
      throw new Error(
        JSON.stringify(
          all.map(({ bus, recorder, log }) => [bus.state, recorder.news, log.lines]),
          null,
          1,
        ),
      );
    }
  }
}
