import { MemoryBus } from "@peek/bus";
import { describe, expect, it, onTestFinished } from "vitest";
import { maxControlLine, maxFrameBytes } from "../../src/ws/exchangeProtocol.ts";
import { BusRecorder } from "../bus/BusRecorder.ts";
import { connected, member } from "../bus/BusHarness.ts";
import { contractNames } from "./contractNames.ts";
import { RawExchangeClient } from "./RawExchangeClient.ts";
import { TestExchange } from "./TestExchange.ts";

async function openExchange(): Promise<TestExchange> {
  const logic = await TestExchange.open();
  onTestFinished(() => logic[Symbol.asyncDispose]());
  return logic;
}

describe("a service with many contracts", () => {
  it("is listed to its watchers although the list exceeds a frame", async () => {
    const logic = await openExchange();
    const serves = contractNames(500, 250);
    const bytesEach = JSON.stringify(serves).length;
    const members = Array.from({ length: Math.ceil((1.05 * maxFrameBytes) / bytesEach) }, () => {
      const bus = new MemoryBus(logic.exchange, "agent", member("agent"));
      bus.announce(serves);
      return bus;
    });
    const { bus, log } = logic.dial("office", { token: logic.tokens.create("office") });
    const { states } = new BusRecorder(bus);
    await connected(bus);
    await bus.watch("agent");
    expect(bus.peers("agent").map(({ instance }) => instance)).toEqual(members.map(({ self }) => self.instance));
    expect(bus.peers("agent").every((peer) => peer.serves.length === serves.length)).toBe(true);
    expect(states).toEqual(["connected"]);
    expect(log.lines).toHaveLength(1);
    expect(logic.warnings).toEqual([]);
  });
});

describe("more contracts than fit into a line", () => {
  const tooMany = contractNames(Math.ceil(maxControlLine / 250), 250);

  it("are refused by the exchange, which keeps the earlier list", async () => {
    const logic = await openExchange();
    using raw = await RawExchangeClient.join(logic.port, "agent", logic.tokens.create("agent"));
    raw.send(`S["peek_plugin_a.Calls"]`, `S${JSON.stringify(tooMany)}`, "+agent");
    expect(JSON.parse((await raw.line(/^E/)).slice(1))).toEqual({
      code: "VORTEX_FRAME_INVALID",
      message: "A line is invalid: the list of served contracts is too long.",
    });
    expect(await raw.line(/^P/)).toContain(`"serves":["peek_plugin_a.Calls"]`);
  });

  it.each(["before it connects", "when it is connected"])("are not sent by a bus, announced %s", async (when) => {
    const logic = await openExchange();
    const { bus, log } = logic.dial("agent", { token: logic.tokens.create("agent") });
    const { states } = new BusRecorder(bus);
    if (when === "when it is connected") await connected(bus);
    bus.announce(tooMany);
    await connected(bus);
    await bus.watch("agent");
    expect(bus.peers("agent")).toMatchObject([{ instance: bus.self.instance, serves: [] }]);
    expect(states).toEqual(["connected"]);
    expect(log.lines.filter((line) => !line.startsWith("info"))).toEqual([
      `error Failed to announce ${tooMany.length} contracts: their names are too long together`,
    ]);
    expect(logic.warnings).toEqual([]);
    // A shorter list is announced again.
    bus.announce(["peek_plugin_a.Calls"]);
    const recorder = new BusRecorder(bus);
    await recorder.until(() => bus.peers("agent")[0]?.serves.length === 1, "the watcher is notified");
  });
});
