import { PeekError } from "@peek/errors";
import type { PeerIdentity } from "@peek/plugin-base";
import type { BusState } from "@peek/bus";
import { describe, expect, it, onTestFinished } from "vitest";
import { Caller } from "./Caller.ts";
import { ExchangeProcess } from "./ExchangeProcess.ts";
import { RawExchangeClient, SlowReader } from "@peek/bus/testing";

const mebibyte = 1024 * 1024;

/** Opens logic, a sender, and a reader with a limited bandwidth. */
async function connectAll(
  bytesPerSecond: number,
  heartbeatMs: number,
): Promise<{
  readonly logic: ExchangeProcess;
  readonly sender: Caller;
  readonly reader: SlowReader;
  readonly to: PeerIdentity;
  readonly states: readonly BusState[];
}> {
  const logic = await ExchangeProcess.start({ heartbeatMs });
  onTestFinished(() => logic[Symbol.asyncDispose]());
  const sender = await Caller.connect(logic.port, "office", logic.tokens.create("office"));
  onTestFinished(() => sender[Symbol.asyncDispose]());
  const states: BusState[] = [];
  sender.bus.onState((state) => states.push(state));
  const raw = await RawExchangeClient.join(logic.port, "agent", logic.tokens.create("agent"));
  onTestFinished(() => raw[Symbol.dispose]());
  const reader = new SlowReader(raw, bytesPerSecond);
  onTestFinished(() => reader[Symbol.dispose]());
  return { logic, sender, reader, to: { service: "agent", instance: raw.instance }, states };
}

describe("a receiver that is slower than its sender", () => {
  it("gets 100 MiB in order, and the sender gets VORTEX_OVERLOADED, while the exchange stays small", async () => {
    const { logic, sender, reader, to, states } = await connectAll(60e6, 5000);
    const before = await logic.ask("collect");
    const text = "x".repeat(mebibyte);
    let mostWaiting = 0;
    let largestRss = 0;
    let refused = 0;
    let bytes = 0;
    for (let sent = 0; sent < 100;) {
      try {
        sender.bus.send(to, text);
        sent += 1;
        bytes += mebibyte;
      } catch (error) {
        if (!PeekError.is(error)) throw error;
        expect(error.code).toBe("VORTEX_OVERLOADED");
        // A short message is still accepted: the other side may wait for it.
        const short = `${refused}`.padEnd(1024, ".");
        sender.bus.send(to, short);
        refused += 1;
        bytes += short.length;
        // Waits until the queue has shrunk.
        await reader.until(Math.min(bytes, reader.bytes + 4 * mebibyte));
        const { external, rss } = await logic.ask("collect");
        mostWaiting = Math.max(mostWaiting, external);
        largestRss = Math.max(largestRss, rss);
      }
    }
    await reader.until(bytes);
    expect(reader.bytes).toBe(bytes);
    expect(reader.shortTexts.map((short) => parseInt(short, 10))).toEqual(Array.from({ length: refused }, (_, n) => n));
    expect(refused).toBeGreaterThan(0);
    expect(mostWaiting - before.external).toBeLessThan(48 * mebibyte);
    expect(largestRss - before.rss).toBeLessThan(150 * mebibyte);
    expect(states).toEqual([]);
    expect((await logic.ask("look")).lines.filter((line) => !line.startsWith("info"))).toEqual([]);
  });

  it("does not cause its sender to be cut as silent, and does not delay others", async () => {
    const heartbeatMs = 1000;
    const { logic, sender, reader, to, states } = await connectAll(2.5e6, heartbeatMs);
    const witness = await Caller.connect(logic.port, "worker", logic.tokens.create("worker"));
    onTestFinished(() => witness[Symbol.asyncDispose]());
    expect(await sender.client.add({ a: 1, b: 2 })).toBe(3);
    const start = performance.now();
    for (let n = 0; n < 64; n += 1) sender.bus.send(to, "x".repeat(mebibyte / 4));
    let heldMs = 0;
    const over = new AbortController();
    // The call queues behind all that data.
    const callBehind = async (): Promise<void> => {
      await sender.client.add({ a: 1, b: 2 });
      heldMs = performance.now() - start;
      over.abort();
    };
    const held = callBehind();
    let slowest = 0;
    while (!over.signal.aborted) {
      const asked = performance.now();
      await Promise.race([witness.client.add({ a: 1, b: 2 }), held]);
      slowest = Math.max(slowest, performance.now() - asked);
    }
    expect(heldMs).toBeGreaterThan(2 * heartbeatMs);
    // The witness is not held up with the sender.
    expect(slowest).toBeLessThan(heldMs / 2);
    await reader.until(16 * mebibyte);
    expect(states).toEqual([]);
    expect((await logic.ask("look")).lines.filter((line) => !line.startsWith("info"))).toEqual([]);
  });
});
