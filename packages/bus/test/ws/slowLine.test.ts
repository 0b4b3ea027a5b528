import { expect, it, onTestFinished } from "vitest";
import { WsBus } from "@peek/bus/ws";
import { BusEar } from "../bus/BusEar.ts";
import { connected, member } from "../bus/BusHarness.ts";
import { keptLog } from "../bus/keptLog.ts";
import { ThinLine } from "./ThinLine.ts";
import { TestHub } from "./TestHub.ts";

const mebibyte = 1024 * 1024;

it.each(["to", "from"] as const)(
  "a text %s logic may be on its way for many heartbeats",
  { timeout: 30_000 },
  async (way) => {
    const hub = await TestHub.open({ heartbeatMs: 100 });
    onTestFinished(() => hub[Symbol.asyncDispose]());
    const line = await ThinLine.open(hub.port, 8 * mebibyte);
    onTestFinished(() => line[Symbol.asyncDispose]());
    const log = keptLog();
    const options = { service: "agent", member: member("agent"), host: "127.0.0.1", port: line.port } as const;
    const token = hub.tokens.create("agent");
    await using bus = new WsBus({ ...options, secure: false, logger: log, credentials: () => ({ token }) });
    await connected(bus);
    const text = "x".repeat(8 * mebibyte);
    const ear = new BusEar(bus);
    const hubEar = new BusEar(hub.bus);
    if (way === "to") bus.send(hub.bus.self, text);
    else hub.bus.send(bus.self, text);
    const other = way === "to" ? hubEar : ear;
    await other.until(() => other.texts.length > 0 || ear.states.length > 0, "it is there", 20_000);
    expect(ear.states).toEqual([]);
    expect(other.texts[0]?.text.length).toBe(text.length);
    expect(hub.complaints).toEqual([]);
    expect(log.lines).toHaveLength(1);
  },
);
