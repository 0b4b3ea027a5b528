import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SimulatedBrowsers } from "./src/live/SimulatedBrowsers.ts";
import { fuzz } from "./src/live/fuzz.ts";
import { LiveSystem } from "./src/live/LiveSystem.ts";
import { itemsOf } from "./src/live/loadPlugin.ts";
import { memoryOf } from "./src/live/memoryOf.ts";
import { RawClient } from "./src/live/RawClient.ts";
import { Writer } from "./src/live/Writer.ts";

describe("a field service", () => {
  const owned = new AsyncDisposableStack();
  let system: LiveSystem;
  let others: SimulatedBrowsers;
  let writer: Writer;

  beforeAll(async () => {
    system = owned.use(await LiveSystem.start());
    await system.fill(20);
    others = owned.use(await SimulatedBrowsers.open({ urls: [system.field.url], count: 20, selectors: [itemsOf(0)] }));
    writer = owned.use(new Writer(system.db, 20));
  });

  afterAll(async () => {
    await owned.disposeAsync();
  });

  /** Runs an attack, while other clients watch changes. */
  const unharmed = async (work: () => Promise<void>): Promise<void> => {
    await others.begin();
    writer.start(20);
    await work();
    await writer.stop();
    await others.untilTotal(writer.written);
    const report = await others.report();
    expect(report).toMatchObject({ live: 20, cuts: 0, snapshots: 0, gaps: 0, repeated: 0, steppedBack: 0 });
    expect(report.latency.p99).toBeLessThan(5000);
  };

  it("answers invalid messages with typed errors, disconnects their sender, and keeps no memory of them", async () => {
    const { pid } = system.field.process;
    await fuzz(system.field.url, 1500);
    const memory = await memoryOf(pid);
    await unharmed(async () => {
      const { frames, codes, closes } = await fuzz(system.field.url, 3000);
      expect(frames).toBeGreaterThanOrEqual(3000);
      expect(Object.keys(codes).toSorted()).toEqual(expect.arrayContaining(["CLIENT_FRAME_INVALID", "DATA_INVALID"]));
      expect(codes).not.toHaveProperty("INTERNAL");
      // It has sent too many invalid messages, or violated the WebSocket protocol.
      for (const close of Object.keys(closes)) expect(["1002", "1003", "1007", "1009", "4429"]).toContain(close);
    });
    expect((await memoryOf(pid)) - memory).toBeLessThan(64);
  });

  it("disconnects a client that announces a frame of 1 GB", async () => {
    const { pid } = system.field.process;
    const memory = await memoryOf(pid);
    await unharmed(async () => {
      await using client = await RawClient.open(system.field.url);
      const header = Buffer.alloc(14);
      // The header of a masked text frame of 1 GB.
      header.set([0x81, 0xff]);
      header.writeUInt32BE(2 ** 30, 6);
      client.write(header);
      client.write(Buffer.alloc(100_000));
      await client.until(() => client.closed !== undefined);
      expect(client.closed?.code).toBe(1009);
    });
    expect((await memoryOf(pid)) - memory).toBeLessThan(64);
  });

  it("refuses connections from pages of another origin", async () => {
    const { url, port } = system.field;
    expect(await RawClient.refusalOf(url, { origin: "https://elsewhere.example" })).toBe(403);
    expect(await RawClient.refusalOf(url, { origin: "null" })).toBe(403);
    expect(await RawClient.refusalOf(url, { origin: `http://127.0.0.1:${port}` })).toBeUndefined();
  });

  it("allows one client 1,000 subscriptions, and disconnects it when it requests 10,000 at once", async () => {
    await unharmed(async () => {
      await using client = await RawClient.open(system.field.url);
      for (let id = 0; id < 2500; id += 1) client.send({ t: "sub", id, sel: itemsOf(id + 1000) });
      await client.until(() => client.count("on") + client.count("off") >= 2500);
      expect(client.count("on")).toBe(1000);
      expect(client.count("SUBSCRIPTION_LIMIT")).toBe(1500);
      expect(client.closed).toBeUndefined();
      await using greedy = await RawClient.open(system.field.url);
      for (let id = 0; id < 10_000; id += 1) greedy.send({ t: "sub", id, sel: itemsOf(id + 1000) });
      await greedy.until(() => greedy.closed !== undefined);
      expect(greedy.count("CLIENT_OVERLOAD")).toBe(1);
      expect(greedy.count("on")).toBeLessThanOrEqual(1000);
      expect(greedy.closed?.code).toBe(4429);
    });
  });
});
