import { expect, it, onTestFinished } from "vitest";
import { BusRecorder } from "../bus/BusRecorder.ts";
import { connected } from "../bus/BusHarness.ts";
import { RawExchangeClient } from "./RawExchangeClient.ts";
import { TestExchange } from "./TestExchange.ts";

it("others are told at once that one who only sends nonsense is gone, though he does not answer the closure", async () => {
  const hub = await TestExchange.open();
  onTestFinished(() => hub[Symbol.asyncDispose]());
  const { bus } = hub.dial("office", { token: hub.tokens.create("office") });
  const ear = new BusRecorder(bus);
  await connected(bus);
  await bus.watch("agent");
  using raw = await RawExchangeClient.join(hub.port, "agent", hub.tokens.create("agent"));
  await ear.until(() => ear.news.length === 1, "it has joined");
  raw.socket.pause();
  raw.send("?\n".repeat(200));
  await ear.until(() => ear.gone.length > 0, "it is gone");
  // Its connection is there still.
  expect(hub.connections).toBe(2);
  expect(ear.news).toEqual([`joined ${raw.instance}`, `left ${raw.instance}`]);
  expect(ear.gone).toEqual([raw.instance]);
  expect(hub.exchange.peers("agent")).toEqual([]);
  // And it is cut in the end.
  await expect.poll(() => hub.connections, { timeout: 10_000, interval: 10 }).toBe(1);
  expect(ear.gone).toEqual([raw.instance]);
  expect(hub.complaints).toHaveLength(1);
});
