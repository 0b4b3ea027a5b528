import { setImmediate } from "node:timers/promises";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { pumps } from "./contracts.ts";
import { MemoryHarness } from "./MemoryHarness.ts";
import { RawPeer } from "./RawPeer.ts";
import { plugin, TestService } from "./TestService.ts";
import { until } from "@peek/kit/testing";

const rounds = 20_000;

let service: TestService;
let client: TestService;
let peer: RawPeer;

beforeEach(async () => {
  const harness = new MemoryHarness();
  const join = async (name: "agent" | "logic"): Promise<TestService> => {
    const { bus, member } = await harness.join(name);
    return new TestService(bus, member);
  };
  service = await join("agent");
  client = await join("logic");
  peer = await RawPeer.join(harness, "field");
  service.plugin.rpc.serve(
    pumps,
    { add: ({ a, b }) => a + b, echo: (v) => v, ping: () => undefined, start: () => undefined, count: () => [1, 2] },
    { concurrency: 50, queueLimit: 50 },
  );
  service.plugin.payloads.endpoint({ key: "level" }, () => undefined);
});

afterEach(async () => {
  await service[Symbol.asyncDispose]();
  await client[Symbol.asyncDispose]();
  await peer.bus[Symbol.asyncDispose]();
});

const ids = fc.constantFrom("1", "2", "zz", "0", "-1", "", "9999999999", "99999999999", "1.5", "__proto__");
const bodies = fc.oneof(
  fc.json(),
  fc.constantFrom("", "{", "null", '{"__proto__":{"a":1}}', '{"\\u005f_proto__":1}', '{"$date":1}', '{"$x":2}'),
  fc.constantFrom("[".repeat(5000), `${'{"a":'.repeat(3000)}1${"}".repeat(3000)}`),
  fc.string({ unit: "binary", maxLength: 200 }),
);
const names = fc.constantFrom(
  `${pumps.name} add`,
  `${pumps.name} echo`,
  `${pumps.name} count`,
  `${pumps.name} __proto__`,
  pumps.name,
  "a b c",
  "",
);
const times = fc.constantFrom("0", "1", "50", "30000", "-1", "1e9", "99999999999", "");
const records = fc.oneof(
  fc.json(),
  fc.constantFrom(`{"key":"level","plugin":"${plugin}"}`, '{"__proto__":1}', '{"key":{"a":1}}', "[]", "{"),
);

const texts = fc
  .oneof(
    fc.tuple(ids, times, names, bodies).map(([id, time, name, body]) => `c${id} ${time} ${name}\t${body}`),
    fc.tuple(fc.constantFrom("r", "e", "n", "d", "x"), ids, bodies).map(([kind, id, body]) => `${kind}${id}\t${body}`),
    fc.tuple(ids, times).map(([id, count]) => `k${id} ${count}`),
    fc.tuple(records, fc.constantFrom("", "a.B"), bodies).map(([record, name, body]) => `p${record}\t${name}\t${body}`),
    fc.string({ unit: "binary", maxLength: 100 }),
  )
  .chain((text) =>
    fc.oneof(
      fc.constant(text),
      // Truncated, or with another part in it.
      fc.nat(text.length).map((length) => text.slice(0, length)),
      fc.tuple(fc.nat(text.length), fc.string({ unit: "binary", maxLength: 3 })).map(([at, other]) => {
        return text.slice(0, at) + other + text.slice(at + 1);
      }),
    ),
  )
  .filter((text) => !text.includes("\n"));

describe(`${rounds} random frames of a peer`, () => {
  it("are answered with typed errors without a stack, leave no state, and do not keep others from being served", async () => {
    const calls = client.plugin.rpc.client(pumps, { to: "agent", wait: true });
    await calls.ping();
    const before = Object.keys(Object.prototype).length;
    let sent = 0;
    for (const text of fc.sample(texts, { numRuns: rounds, seed: 4711 })) {
      peer.send(service.bus.self, text);
      sent += 1;
      if (sent % 500 !== 0) continue;
      // At most 50 calls run and 50 are queued; a well-behaved caller is served.
      expect(await calls.add({ a: sent, b: 1 })).toBe(sent + 1);
    }
    expect(Object.keys(Object.prototype)).toHaveLength(before);
    expect(Reflect.get({}, "a")).toBeUndefined();
    for (const text of peer.texts) {
      expect(text).toMatch(/^[renxd]/);
      if (text.startsWith("e")) expect(text).toMatch(/^e[0-9a-z]+\t\{"code":"[A-Z_]+","message":/);
      expect(text).not.toMatch(/ {4}at |node:internal|\.ts:\d/);
    }
    const { invalidFrames } = service.vortex.statistics();
    expect(invalidFrames).toBeGreaterThan(1000);
    // Faults of the peer are not logged as errors of handlers.
    expect(service.log.lines.filter((line) => line.startsWith("error"))).toEqual([]);
    expect(service.log.lines.filter((line) => / sent an? .*frame/.test(line))).toHaveLength(1);
    await peer.bus[Symbol.asyncDispose]();
    await until("its calls are over", () => service.vortex.statistics().running === 0);
    await setImmediate();
    expect(service.vortex.statistics()).toMatchObject({ pending: 0, queued: 0, streamsOut: 0, timers: 0 });
  });
});
