import { setImmediate, setTimeout } from "node:timers/promises";
import fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";
import { MemoryHarness } from "@peek/vortex/testing";
import { until } from "@peek/kit/testing";
import { FieldProcess } from "./FieldProcess.ts";
import { LogicProcess } from "./LogicProcess.ts";
import { type Pump, pumpsOf, pumpTuple } from "./pumps.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

const change = fc.record({
  id: fc.nat(8),
  what: fc.constantFrom("put", "remove", "move", "fail", "restart", "join"),
  /** The time that the next runs take: turns of the event loop, or milliseconds if more than 2. */
  takes: fc.nat(4),
  /** Whether something else happens before the next change. */
  waits: fc.boolean(),
});

describe("slow and random providers", () => {
  it("lead to the latest state by rising offsets, at any time of the clock", async () => {
    let now = Date.now();
    // Each look at the clock is an hour earlier.
    vi.spyOn(Date, "now").mockImplementation(() => (now -= 3_600_000));
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 25 }), async (changes) => {
        const harness = new MemoryHarness();
        await using field = new FieldProcess(await harness.join("field"));
        await using owned = new AsyncDisposableStack();
        let database: readonly Pump[] = pumpsOf(4);
        let takes = 0;
        let isFailing = false;
        let running = 0;
        let mostRunning = 0;
        const load = async (): Promise<readonly Pump[]> => {
          running += 1;
          mostRunning = Math.max(mostRunning, running);
          const seen = database;
          const fails = isFailing;
          isFailing = false;
          if (takes > 2) await setTimeout(takes);
          else for (let turn = 0; turn < takes; turn += 1) await setImmediate();
          running -= 1;
          if (fails) throw new Error("It has failed");
          return seen;
        };
        const start = async (): Promise<LogicProcess> => {
          const logic = owned.use(new LogicProcess(await harness.join("logic")));
          logic.observables.provide(pumpTuple, { load });
          return logic;
        };
        let logic = await start();
        const watchers = [field.watch()];
        for (const { id, what, takes: next, waits } of changes) {
          takes = next;
          const rest = database.filter((pump) => pump.id !== id);
          const pump = { id, name: `Pump ${id}`, speed: database.length + next };
          if (what === "put") database = database.map((each) => (each.id === id ? pump : each));
          else if (what === "remove") database = rest;
          else if (what === "move") database = [...rest.slice(0, next), pump, ...rest.slice(next)];
          else if (what === "fail") isFailing = true;
          else if (what === "join") watchers.push(field.watch());
          else if (waits) {
            await logic[Symbol.asyncDispose]();
            logic = await start();
          }
          logic.observables.notify(pumpTuple);
          if (waits) await setImmediate();
        }
        const expected = JSON.stringify(database);
        await until("all see it", () =>
          watchers.every(({ channel, tuples }) => channel.isLive && JSON.stringify(tuples) === expected),
        );
        expect(mostRunning).toBe(1);
      }),
      { numRuns: 40 },
    );
  });
});
