import { randomBytes } from "node:crypto";
import { setImmediate } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { exchangePath, maxFrameBytes, protocol } from "@peek/bus/ws";
import { until } from "@peek/kit/testing";
import { Caller } from "./Caller.ts";
import { ExchangeProcess } from "./ExchangeProcess.ts";
import { sendRawBytes, RawExchangeClient } from "@peek/bus/testing";
import { RandomFrames } from "./randomFrames.ts";

const framesEach = 250;

let logic: ExchangeProcess;
let token: string;
let witness: Caller;
const states: string[] = [];

beforeAll(async () => {
  logic = await ExchangeProcess.start();
  token = logic.tokens.create("agent");
  witness = await Caller.connect(logic.port, "office", logic.tokens.create("office"));
  witness.bus.onState((state) => states.push(state));
});

afterAll(async () => {
  await witness[Symbol.asyncDispose]();
  await logic[Symbol.asyncDispose]();
});

/** Calls logic over and over until work is done. Returns the duration of the slowest call in milliseconds. */
async function slowestAnswer(work: Promise<unknown>): Promise<number> {
  const over = new AbortController();
  const done = work.finally(() => over.abort());
  let slowest = 0;
  do {
    const start = performance.now();
    expect(await witness.client.add({ a: 1, b: 2 }, { deadlineMs: 10_000 })).toBe(3);
    slowest = Math.max(slowest, performance.now() - start);
    await setImmediate();
  } while (!over.signal.aborted);
  await done;
  return slowest;
}

/** Opens a connection that sends random frames after its hello. Returns the errors that it received. */
async function oneOfMany(seed: number): Promise<readonly string[]> {
  using raw = await RawExchangeClient.join(logic.port, "agent", token);
  const frames = new RandomFrames(seed, witness.bus.peers("logic")[0]?.instance ?? "");
  for (let n = 0; n < framesEach; n += 1) raw.send(frames.next());
  // The last answer, unless it was cut before.
  raw.send("+worker");
  await Promise.race([raw.closed, raw.line(/^Pworker/).catch(() => undefined)]);
  return raw.lines.filter((line) => line.startsWith("E"));
}

async function manyFrames(count: number, seed: number): Promise<Set<string>> {
  const errors = new Set<string>();
  const each = async (start: number): Promise<void> => {
    for (let n = start; n < count / framesEach; n += 4) {
      for (const line of await oneOfMany(seed + n)) errors.add(line);
    }
  };
  await Promise.all([each(0), each(1), each(2), each(3)]);
  return errors;
}

describe("an exchange that gets random frames", () => {
  it(
    "answers 100,000 frames with typed errors, does not grow, and serves the others meanwhile",
    { timeout: 120_000 },
    async () => {
      await manyFrames(20_000, 1);
      await logic.until(({ connections }) => connections === 1);
      const before = await logic.ask("collect");
      const many = manyFrames(100_000, 1_000_000);
      expect(await slowestAnswer(many)).toBeLessThan(5000);
      await logic.until(({ connections, members }) => connections === 1 && members === 2);
      const after = await logic.ask("collect");
      expect(after.heapUsed - before.heapUsed).toBeLessThan(4 * 1024 * 1024);
      const errors = [...(await many)].map((line): unknown => JSON.parse(line.slice(1)));
      expect(errors.length).toBeGreaterThan(3);
      for (const error of errors) {
        expect(error).toEqual({ code: "VORTEX_FRAME_INVALID", message: expect.stringMatching(/^A line is invalid/) });
        expect(JSON.stringify(error)).not.toMatch(/\bat .*:\d+|node_modules|\.[jt]s\b|file:/);
      }
      // One line for each kind and address, or for each instance, rather than one for each frame.
      const lines = after.lines.filter((line) => !line.startsWith("info"));
      const ofInstances = lines.filter((line) => /^warning agent-\w+ of the agent service sent /.test(line));
      expect(new Set(ofInstances.map((line) => line.split(" ")[1])).size).toBe(ofInstances.length);
      expect(lines.length - ofInstances.length).toBeLessThan(10);
      expect(states).toEqual([]);
    },
  );

  it("cuts a client that sends a frame that is too large or invalid", async () => {
    const before = await logic.ask("collect");
    const work = async (): Promise<void> => {
      for (let n = 0; n < 5; n += 1) {
        using raw = await RawExchangeClient.join(logic.port, "agent", token);
        raw.send("x".repeat(maxFrameBytes + 1));
        expect(await raw.closed).toBe(1009);
      }
      const head = [
        `GET ${exchangePath} HTTP/1.1`,
        `Host: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13`,
        `Sec-WebSocket-Key: ${randomBytes(16).toString("base64")}\r\nSec-WebSocket-Protocol: ${protocol}`,
        `Authorization: Bearer ${token}\r\n\r\n`,
      ].join("\r\n");
      for (let n = 0; n < 100; n += 1) {
        const bytes = Buffer.concat([Buffer.from(head), Buffer.from([0xff]), randomBytes(1000)]);
        expect(await sendRawBytes(logic.port, bytes)).toMatch(/^HTTP\/1\.1 101/);
      }
    };
    expect(await slowestAnswer(work())).toBeLessThan(5000);
    const after = await logic.until(({ connections }) => connections === 1);
    expect(after.lines.some((line) => line.includes("sent an invalid WebSocket frame"))).toBe(true);
    expect((await logic.ask("collect")).heapUsed - before.heapUsed).toBeLessThan(4 * 1024 * 1024);
  });

  it("cuts a client that sends millions of empty lines in a frame, and carries on", async () => {
    using raw = await RawExchangeClient.join(logic.port, "agent", token);
    raw.send("\n".repeat(16 * 1024 * 1024));
    expect(await slowestAnswer(raw.closed)).toBeLessThan(5000);
    expect(await raw.closed).toBe(1008);
    expect(raw.lines.filter((line) => line.startsWith("E"))).toHaveLength(100);
  });

  it("is not blocked by a client that announces contracts too often", async () => {
    await witness.bus.watch("agent");
    using raw = await RawExchangeClient.join(logic.port, "agent", token);
    const names = Array.from({ length: 10_000 }, (_, n) => `peek_plugin_a.${"x".repeat(280)}${n}`);
    const before = states.length;
    for (let n = 0; n < 60; n += 1) raw.send(`S${JSON.stringify([...names.slice(1), `peek_plugin_a.${n}`])}`);
    raw.send("+worker");
    expect(await slowestAnswer(Promise.race([raw.closed, raw.line(/^Pworker/)]))).toBeLessThan(5000);
    expect(states.slice(before)).toEqual([]);
  });

  it("does not cut a receiver that reads, however much another client sends to it", async () => {
    await using sender = await Caller.connect(logic.port, "agent", token);
    const before = states.length;
    const dropped = (): number => witness.service.vortex.statistics().invalidFrames;
    const droppedBefore = dropped();
    const text = "x".repeat(1024 * 1024);
    const work = async (): Promise<void> => {
      for (let sent = 0; sent < 100; sent += 1) {
        sender.bus.send(witness.bus.self, text);
        // At most as much at a time as the exchange reads from a sender.
        await until("it is there", () => sent - (dropped() - droppedBefore) < 20);
      }
      await until("all are there", () => dropped() - droppedBefore === 100);
    };
    expect(await slowestAnswer(work())).toBeLessThan(5000);
    expect(states.slice(before)).toEqual([]);
  });

  it("is not affected by bytes of a client without a credential", async () => {
    const before = await logic.ask("collect");
    const work = async (): Promise<void> => {
      for (let n = 0; n < 1000; n += 1) {
        const bytes = randomBytes(n);
        // The first byte is no letter, with which an HTTP method could begin.
        await sendRawBytes(logic.port, Buffer.concat([Buffer.from([0x80 + (n % 0x80)]), bytes]));
      }
    };
    expect(await slowestAnswer(work())).toBeLessThan(5000);
    const after = await logic.ask("collect");
    expect(after.lines.length - before.lines.length).toBeLessThan(5);
    expect(after.heapUsed - before.heapUsed).toBeLessThan(4 * 1024 * 1024);
    expect(states).toEqual([]);
  });
});
