import { expect, it, onTestFinished } from "vitest";
import { BusRecorder } from "../bus/BusRecorder.ts";
import { connected } from "../bus/BusHarness.ts";
import { RawExchangeClient } from "./RawExchangeClient.ts";
import { TestExchange } from "./TestExchange.ts";

it("others are told at once that one who only sends nonsense is gone, though he does not answer the closure", async () => {
  const logic = await TestExchange.open();
  onTestFinished(() => logic[Symbol.asyncDispose]());
  const { bus } = logic.dial("office", { token: logic.tokens.create("office") });
  const ear = new BusRecorder(bus);
  await connected(bus);
  await bus.watch("agent");
  using raw = await RawExchangeClient.join(logic.port, "agent", logic.tokens.create("agent"));
  await ear.until(() => ear.news.length === 1, "it has joined");
  raw.socket.pause();
  raw.send("?\n".repeat(200));
  await ear.until(() => ear.gone.length > 0, "it is gone");
  // Its connection is there still.
  expect(logic.connections).toBe(2);
  expect(ear.news).toEqual([`joined ${raw.instance}`, `left ${raw.instance}`]);
  expect(ear.gone).toEqual([raw.instance]);
  expect(logic.exchange.peers("agent")).toEqual([]);
  // And it is cut in the end.
  await expect.poll(() => logic.connections, { timeout: 10_000, interval: 10 }).toBe(1);
  expect(ear.gone).toEqual([raw.instance]);
  expect(logic.warnings).toHaveLength(1);
});
