import { expect, it, onTestFinished } from "vitest";
import { WsBus } from "@peek/bus/ws";
import { BusRecorder } from "../bus/BusRecorder.ts";
import { connected, member } from "../bus/BusHarness.ts";
import { recordingLog } from "../bus/recordingLog.ts";
import { SlowProxy } from "./SlowProxy.ts";
import { TestExchange } from "./TestExchange.ts";

const mebibyte = 1024 * 1024;

it.each(["to", "from"] as const)(
  "a text %s logic may be on its way for many heartbeats",
  { timeout: 30_000 },
  async (way) => {
    const logic = await TestExchange.open({ heartbeatMs: 100 });
    onTestFinished(() => logic[Symbol.asyncDispose]());
    const line = await SlowProxy.open(logic.port, 8 * mebibyte);
    onTestFinished(() => line[Symbol.asyncDispose]());
    const log = recordingLog();
    const options = { service: "agent", member: member("agent"), host: "127.0.0.1", port: line.port } as const;
    const token = logic.tokens.create("agent");
    await using bus = new WsBus({ ...options, secure: false, logger: log, credentials: () => ({ token }) });
    await connected(bus);
    const text = "x".repeat(8 * mebibyte);
    const ear = new BusRecorder(bus);
    const hubEar = new BusRecorder(logic.bus);
    if (way === "to") bus.send(logic.bus.self, text);
    else logic.bus.send(bus.self, text);
    const other = way === "to" ? hubEar : ear;
    await other.until(() => other.texts.length > 0 || ear.states.length > 0, "it is there", 20_000);
    expect(ear.states).toEqual([]);
    expect(other.texts[0]?.text.length).toBe(text.length);
    expect(logic.warnings).toEqual([]);
    expect(log.lines).toHaveLength(1);
  },
);
