import { expect, it, onTestFinished } from "vitest";
import { BusRecorder } from "../bus/BusRecorder.ts";
import { connected } from "../bus/BusHarness.ts";
import { RawExchangeClient } from "./RawExchangeClient.ts";
import { TestExchange } from "./TestExchange.ts";

it("peers are notified at once that a client that violates the protocol is gone, although it does not answer the close", async () => {
  const logic = await TestExchange.open();
  onTestFinished(() => logic[Symbol.asyncDispose]());
  const { bus } = logic.dial("office", { token: logic.tokens.create("office") });
  const recorder = new BusRecorder(bus);
  await connected(bus);
  await bus.watch("agent");
  using raw = await RawExchangeClient.join(logic.port, "agent", logic.tokens.create("agent"));
  await recorder.until(() => recorder.news.length === 1, "it has joined");
  raw.socket.pause();
  raw.send("?\n".repeat(200));
  await recorder.until(() => recorder.gone.length > 0, "it is gone");
  // Its connection is still open.
  expect(logic.connections).toBe(2);
  expect(recorder.news).toEqual([`joined ${raw.instance}`, `left ${raw.instance}`]);
  expect(recorder.gone).toEqual([raw.instance]);
  expect(logic.exchange.peers("agent")).toEqual([]);
  // It is cut eventually.
  await expect.poll(() => logic.connections).toBe(1);
  expect(recorder.gone).toEqual([raw.instance]);
  expect(logic.warnings).toHaveLength(1);
});
