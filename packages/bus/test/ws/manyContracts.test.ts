import { MemoryBus } from "@peek/bus";
import { describe, expect, it, onTestFinished } from "vitest";
import { maxControlLine, maxFrameBytes } from "../../src/ws/exchangeProtocol.ts";
import { BusRecorder } from "../bus/BusRecorder.ts";
import { connected, member } from "../bus/BusHarness.ts";
import { contractNames } from "./contractNames.ts";
import { RawExchangeClient } from "./RawExchangeClient.ts";
import { TestExchange } from "./TestExchange.ts";

async function openHub(): Promise<TestExchange> {
  const hub = await TestExchange.open();
  onTestFinished(() => hub[Symbol.asyncDispose]());
  return hub;
}

describe("a service that serves much", () => {
  it("is known to who watches it, though all of it is more than a frame can hold", { timeout: 30_000 }, async () => {
    const hub = await openHub();
    const serves = contractNames(500, 250);
    const bytesEach = JSON.stringify(serves).length;
    const members = Array.from({ length: Math.ceil((1.05 * maxFrameBytes) / bytesEach) }, () => {
      const bus = new MemoryBus(hub.exchange, "agent", member("agent"));
      bus.announce(serves);
      return bus;
    });
    const { bus, log } = hub.dial("office", { token: hub.tokens.create("office") });
    const { states } = new BusRecorder(bus);
    await connected(bus);
    await bus.watch("agent");
    expect(bus.peers("agent").map(({ instance }) => instance)).toEqual(members.map(({ self }) => self.instance));
    expect(bus.peers("agent").every((peer) => peer.serves.length === serves.length)).toBe(true);
    expect(states).toEqual(["connected"]);
    expect(log.lines).toHaveLength(1);
    expect(hub.complaints).toEqual([]);
  });
});

describe("more contracts than can be told", () => {
  const tooMany = contractNames(Math.ceil(maxControlLine / 250), 250);

  it("are refused by the exchange, which keeps what it was told before", async () => {
    const hub = await openHub();
    using raw = await RawExchangeClient.join(hub.port, "agent", hub.tokens.create("agent"));
    raw.send(`S["peek_plugin_a.Calls"]`, `S${JSON.stringify(tooMany)}`, "+agent");
    expect(JSON.parse((await raw.line(/^E/)).slice(1))).toEqual({
      code: "VORTEX_FRAME_INVALID",
      message: "A line was not understood: more is served than can be told.",
    });
    expect(await raw.line(/^P/)).toContain(`"serves":["peek_plugin_a.Calls"]`);
  });

  it.each(["before it connects", "when it is connected"])("are not told by a bus, announced %s", async (when) => {
    const hub = await openHub();
    const { bus, log } = hub.dial("agent", { token: hub.tokens.create("agent") });
    const { states } = new BusRecorder(bus);
    if (when === "when it is connected") await connected(bus);
    bus.announce(tooMany);
    await connected(bus);
    await bus.watch("agent");
    expect(bus.peers("agent")).toMatchObject([{ instance: bus.self.instance, serves: [] }]);
    expect(states).toEqual(["connected"]);
    expect(log.lines.filter((line) => !line.startsWith("info"))).toEqual([
      `error The ${tooMany.length} contracts that are served here are too many to be told`,
    ]);
    expect(hub.complaints).toEqual([]);
    // Fewer are told again.
    bus.announce(["peek_plugin_a.Calls"]);
    const ear = new BusRecorder(bus);
    await ear.until(() => bus.peers("agent")[0]?.serves.length === 1, "it is told");
  });
});
