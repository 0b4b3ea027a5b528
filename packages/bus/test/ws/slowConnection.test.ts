import { expect, it, onTestFinished } from "vitest";
import { WsBus } from "@peek/bus/ws";
import { BusRecorder } from "../bus/BusRecorder.ts";
import { connected, member } from "../bus/BusHarness.ts";
import { recordingLog } from "../bus/recordingLog.ts";
import { SlowProxy } from "./SlowProxy.ts";
import { TestExchange } from "./TestExchange.ts";

const mebibyte = 1024 * 1024;

it.each(["to", "from"] as const)("a message %s logic may take many heartbeats to arrive", async (way) => {
  const logic = await TestExchange.open({ heartbeatMs: 100 });
  onTestFinished(() => logic[Symbol.asyncDispose]());
  const proxy = await SlowProxy.open(logic.port, 8 * mebibyte);
  onTestFinished(() => proxy[Symbol.asyncDispose]());
  const log = recordingLog();
  const options = { service: "agent", member: member("agent"), host: "127.0.0.1", port: proxy.port } as const;
  const token = logic.tokens.create("agent");
  await using bus = new WsBus({ ...options, secure: false, logger: log, credentials: () => ({ token }) });
  await connected(bus);
  const text = "x".repeat(4 * mebibyte);
  const recorder = new BusRecorder(bus);
  const logicRecorder = new BusRecorder(logic.bus);
  if (way === "to") bus.send(logic.bus.self, text);
  else logic.bus.send(bus.self, text);
  const other = way === "to" ? logicRecorder : recorder;
  await other.until(() => other.texts.length > 0 || recorder.states.length > 0, "the message to arrive", 20_000);
  expect(recorder.states).toEqual([]);
  expect(other.texts[0]?.text.length).toBe(text.length);
  expect(logic.warnings).toEqual([]);
  expect(log.lines).toHaveLength(1);
});
