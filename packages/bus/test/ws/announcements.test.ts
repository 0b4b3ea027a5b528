import { expect, it, onTestFinished } from "vitest";
import { BusRecorder } from "../bus/BusRecorder.ts";
import { connected } from "../bus/BusHarness.ts";
import { RawExchangeClient } from "./RawExchangeClient.ts";
import { TestExchange } from "./TestExchange.ts";

const burst = Array.from({ length: 1000 }, (_, n) => `S["peek_plugin_a.C${n}"]`);

it("frequent changes of served contracts are passed on a few times, the last time with the final state", async () => {
  const logic = await TestExchange.open();
  onTestFinished(() => logic[Symbol.asyncDispose]());
  const { bus } = logic.dial("office", { token: logic.tokens.create("office") });
  const recorder = new BusRecorder(bus);
  await connected(bus);
  await bus.watch("agent");
  using raw = await RawExchangeClient.join(logic.port, "agent", logic.tokens.create("agent"));
  raw.send(...burst);
  await recorder.until(
    () => bus.peers("agent")[0]?.serves[0] === "peek_plugin_a.C999",
    "the last announcement arrives",
  );
  expect(recorder.news.slice(0, 2)).toEqual([`joined ${raw.instance}`, `updated ${raw.instance}`]);
  expect(recorder.news.length).toBeLessThan(20);

  // A pending announcement is dropped with the connection.
  raw.send(...burst);
  raw.socket.close();
  await raw.closed;
  await recorder.until(() => recorder.news.includes(`left ${raw.instance}`), "it has left");
  using other = await RawExchangeClient.join(logic.port, "agent", logic.tokens.create("agent"));
  other.send("S[]");
  await recorder.until(() => recorder.news.includes(`updated ${other.instance}`), "another change is reported");
  expect(recorder.news.slice(-3)).toEqual([
    `left ${raw.instance}`,
    `joined ${other.instance}`,
    `updated ${other.instance}`,
  ]);
});
