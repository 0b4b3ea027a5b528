import { defineRpc } from "@peek/plugin-base/contracts";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { DisconnectableBus } from "./DisconnectableBus.ts";
import { MemoryHarness } from "./MemoryHarness.ts";
import { plugin, TestService } from "./TestService.ts";
import { caught, collect, fired, until } from "@peek/kit/testing";

const reports = defineRpc(`${plugin}.Reports`, {
  read: { input: z.int(), output: z.string() },
  hang: {},
  lines: { input: z.int(), stream: z.int() },
});

let harness: MemoryHarness;
let server: TestService;
let serverBus: DisconnectableBus;
let caller: TestService;
let callerBus: DisconnectableBus;
let ended: unknown[];

beforeEach(async () => {
  harness = new MemoryHarness();
  ended = [];
  const agent = await harness.join("agent");
  serverBus = new DisconnectableBus(agent.bus);
  server = new TestService(serverBus, agent.member);
  const logic = await harness.join("logic");
  callerBus = new DisconnectableBus(logic.bus);
  caller = new TestService(callerBus, logic.member);
  server.plugin.rpc.serve(reports, {
    read: (length) => "x".repeat(length),
    hang: async (_, { signal }) => void ended.push(await fired(signal)),
    *lines(count) {
      for (let i = 0; i < count; i += 1) yield i;
    },
  });
});

afterEach(async () => {
  await caller[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

function client() {
  return caller.plugin.rpc.client(reports, { to: "agent", wait: true });
}

/** Refuses every message with a prefix until the result is called. */
function refuse(bus: DisconnectableBus, kinds: string): { readonly count: () => number; readonly stop: () => void } {
  let count = 0;
  bus.refuses = (text) => {
    if (!kinds.includes(text.charAt(0))) return false;
    count += 1;
    return true;
  };
  return { count: () => count, stop: () => (bus.refuses = () => false) };
}

describe("while too many bytes are queued", () => {
  it("a stream continues once the credit of its consumer can be sent", async () => {
    const refused = refuse(callerBus, "k");
    const items = collect(client().lines(200));
    await until("it cannot tell", () => refused.count() > 0);
    refused.stop();
    expect(await items).toHaveLength(200);
  });

  it("a cancellation reaches the handler late", async () => {
    const controller = new AbortController();
    const call = client().hang(undefined, { signal: controller.signal });
    await until("it runs", () => server.vortex.statistics().running === 1);
    const refused = refuse(callerBus, "x");
    controller.abort(new Error("enough"));
    await expect(call).rejects.toThrow("enough");
    expect(refused.count()).toBe(1);
    refused.stop();
    await until("it ends", () => ended.length === 1);
    expect(ended).toMatchObject([{ code: "CALL_CANCELLED" }]);
  });

  it("a short answer arrives late, and an error in place of a long one", async () => {
    await client().read(1);
    const refused = refuse(serverBus, "re");
    const short = client().read(5);
    const long = caught(client().read(1_000_000));
    await until("both are refused", () => refused.count() > 2);
    refused.stop();
    expect(await short).toBe("xxxxx");
    expect(await long).toMatchObject({
      code: "RPC_HANDLER_FAILED",
      message: expect.stringContaining("the output of peek_plugin_pump.Reports.read"),
      fields: { code: "VORTEX_OVERLOADED" },
    });
    expect(server.vortex.statistics()).toMatchObject({ running: 0, timers: 0 });
  });

  it("no control message is kept for a peer that is gone", async () => {
    await client().read(1);
    const refused = refuse(serverBus, "r");
    client()
      .read(5)
      .catch(() => undefined);
    await until("it is refused", () => refused.count() > 0);
    await callerBus[Symbol.asyncDispose]();
    await until("nothing is kept", () => server.vortex.statistics().timers === 0);
  });
});
