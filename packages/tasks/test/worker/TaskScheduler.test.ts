import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { TaskScheduler, type FetchRequest } from "../../src/worker/TaskScheduler.ts";

function scheduler(slots = 2): TaskScheduler<number> {
  return new TaskScheduler<number>({ light: slots, heavy: slots });
}

function take(of: TaskScheduler<number>): FetchRequest {
  const next = of.nextFetch();
  if (next === undefined) throw new Error("Nothing is to be taken");
  return next;
}

/** Simulates `count` tasks of a queue that ran for `ms` each. */
function learn(of: TaskScheduler<number>, queue: string, ms: number, count = 200): void {
  for (let i = 0; i < count; i += 1) {
    of.markReady(queue);
    of.fetched(take(of), [i]);
    of.nextRun();
    of.ended(queue, "light", ms);
  }
}

const items = (count: number): number[] => Array.from({ length: count }, (_, n) => n);

describe("The number of tasks to fetch", () => {
  test("Only ready queues are fetched, each once at a time", () => {
    const it = scheduler();
    it.add("a", { plugin: "p", weight: "light" });
    expect(it.nextFetch()).toBeUndefined();
    it.markReady("a");
    expect(it.nextFetch()).toEqual({ queue: "a", count: 2 });
    it.markReady("a");
    expect(it.nextFetch()).toBeUndefined();
    expect(it.idleQueues()).toEqual([]);
  });

  test("A queue that returned fewer tasks than requested becomes idle, unless it was marked as ready meanwhile", () => {
    const it = scheduler();
    it.add("a", { plugin: "p", weight: "light" });
    it.markReady("a");
    it.fetched(take(it), []);
    expect(it.idleQueues()).toEqual(["a"]);
    it.markReady("a");
    const second = take(it);
    it.markReady("a");
    it.fetched(second, []);
    expect(it.idleQueues()).toEqual([]);
  });

  test("Short tasks are prefetched in large batches, and the next batch before the last one is used up", () => {
    const it = scheduler();
    it.add("a", { plugin: "p", weight: "light" });
    learn(it, "a", 0.1);
    it.markReady("a");
    const first = take(it);
    expect(first.count).toBe(1000);
    it.fetched(first, items(1000));
    expect(it.nextFetch()).toBeUndefined();
    for (let i = 0; i < 500; i += 1) {
      it.nextRun();
      it.ended("a", "light", 0.1);
    }
    expect(it.nextFetch()).toEqual({ queue: "a", count: 500 });
  });

  test("Of long tasks, no more are fetched than there are free slots", () => {
    const it = scheduler();
    it.add("a", { plugin: "p", weight: "light" });
    learn(it, "a", 5000);
    it.markReady("a");
    const first = take(it);
    expect(first.count).toBe(2);
    it.fetched(first, [1, 2]);
    it.nextRun();
    it.nextRun();
    expect(it.nextFetch()).toBeUndefined();
    it.ended("a", "light", 5000);
    expect(it.nextFetch()).toEqual({ queue: "a", count: 1 });
  });

  test("Prefetched tasks are handed back when tasks turn out to take long", () => {
    const it = scheduler();
    it.add("a", { plugin: "p", weight: "light" });
    learn(it, "a", 1);
    it.markReady("a");
    it.fetched(take(it), items(150));
    it.nextRun();
    it.nextRun();
    expect(it.surplus(new Map([["a", 0.5]]))).toEqual([]);
    expect(it.surplus(new Map([["a", 20]])).map(({ item }) => item)).toEqual(items(150).slice(12));
    expect(it.waiting("a")).toBe(10);
  });

  test("Tasks that arrive for a removed queue are not kept", () => {
    const it = scheduler();
    it.add("a", { plugin: "p", weight: "light" });
    it.markReady("a");
    const under = take(it);
    expect(it.remove("a")).toEqual([]);
    expect(it.fetched(under, [1])).toBe(false);
    it.add("a", { plugin: "p", weight: "light" });
    expect(it.fetched(under, [1])).toBe(false);
    expect(it.nextRun()).toBeUndefined();
  });
});

describe("The order of tasks", () => {
  test("Plugins alternate however many tasks one has, and so do the queues of a plugin", () => {
    const it = scheduler(1);
    for (const [queue, plugin] of [
      ["a1", "a"],
      ["a2", "a"],
      ["b", "b"],
    ] as const) {
      it.add(queue, { plugin, weight: "heavy" });
      it.markReady(queue);
    }
    for (let next = it.nextFetch(); next !== undefined; next = it.nextFetch()) it.fetched(next, items(next.count));
    // Tasks without a slot wait for one.
    const order: string[] = [];
    for (let i = 0; i < 8; i += 1) {
      const run = it.nextRun();
      if (run !== undefined) order.push(run.queue);
      expect(it.nextRun()).toBeUndefined();
      it.ended(run?.queue ?? "", "heavy", 10_000);
      for (let next = it.nextFetch(); next !== undefined; next = it.nextFetch()) it.fetched(next, items(next.count));
    }
    expect(order.filter((queue) => queue === "b")).toHaveLength(4);
    expect(order.filter((queue) => queue === "a1")).toHaveLength(2);
  });

  test("Prefetched short tasks of one plugin do not starve the others", () => {
    const it = scheduler(1);
    for (const plugin of ["a", "b", "c", "d"]) it.add(plugin, { plugin, weight: "light" });
    learn(it, "a", 0.1);
    it.markReady("a");
    it.fetched(take(it), items(200));
    for (const plugin of ["a", "b", "c", "d"]) it.markReady(plugin);
    const order: string[] = [];
    for (let i = 0; i < 12; i += 1) {
      for (let next = it.nextFetch(); next !== undefined; next = it.nextFetch()) it.fetched(next, items(next.count));
      const run = it.nextRun();
      order.push(run?.queue ?? "none");
      it.ended(run?.queue ?? "", "light", run?.queue === "a" ? 0.1 : 50);
    }
    for (const plugin of ["b", "c", "d"])
      expect(order.filter((each) => each === plugin).length, plugin).toBeGreaterThanOrEqual(2);
  });

  test("Heavy tasks do not use the slots of light ones", () => {
    const it = scheduler(1);
    it.add("heavy", { plugin: "a", weight: "heavy" });
    it.add("light", { plugin: "a", weight: "light" });
    for (const queue of ["heavy", "light"]) it.markReady(queue);
    it.fetched(take(it), [1]);
    it.fetched(take(it), [2]);
    expect(new Set([it.nextRun()?.queue, it.nextRun()?.queue])).toEqual(new Set(["heavy", "light"]));
  });
});

test("In any order of events, at most as many tasks run as there are slots, no task runs twice, and none is lost", () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant("heat" as const), queue: fc.nat(3) }),
    fc.record({ kind: fc.constant("fetch" as const) }),
    fc.record({ kind: fc.constant("taken" as const), share: fc.double({ min: 0, max: 1, noNaN: true }) }),
    fc.record({ kind: fc.constant("run" as const) }),
    fc.record({ kind: fc.constant("end" as const), ms: fc.double({ min: 0, max: 1000, noNaN: true }) }),
    fc.record({ kind: fc.constant("surplus" as const), queue: fc.nat(3), ms: fc.nat(5000) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), fc.integer({ min: 1, max: 5 }), (steps, slots) => {
      const it = scheduler(slots);
      const queues = ["a", "b", "c", "d"];
      for (const queue of queues)
        it.add(queue, { plugin: queue < "c" ? "p" : "q", weight: queue === "d" ? "heavy" : "light" });
      const asked: FetchRequest[] = [];
      const running: string[] = [];
      const seen = new Set<number>();
      let [made, back] = [0, 0];
      for (const each of steps) {
        const queue = "queue" in each ? (queues[each.queue] ?? "a") : "a";
        if (each.kind === "heat") it.markReady(queue);
        if (each.kind === "fetch") {
          const next = it.nextFetch();
          if (next === undefined) continue;
          expect(asked.some((other) => other.queue === next.queue)).toBe(false);
          expect(next.count).toBeGreaterThan(0);
          expect(next.count).toBeLessThanOrEqual(200);
          asked.push(next);
        }
        if (each.kind === "taken") {
          const next = asked.shift();
          if (next === undefined) continue;
          const count = Math.round(next.count * each.share);
          it.fetched(
            next,
            items(count).map((n) => made + n),
          );
          made += count;
        }
        if (each.kind === "run") {
          const next = it.nextRun();
          if (next === undefined) continue;
          expect(seen.has(next.item)).toBe(false);
          seen.add(next.item);
          running.push(next.queue);
          expect(running.filter((of) => (of === "d") === (next.queue === "d")).length).toBeLessThanOrEqual(slots);
        }
        if (each.kind === "end") {
          const ended = running.shift();
          if (ended !== undefined) it.ended(ended, ended === "d" ? "heavy" : "light", each.ms);
        }
        if (each.kind === "surplus") {
          for (const { item } of it.surplus(new Map([[queue, each.ms]]))) {
            expect(seen.has(item)).toBe(false);
            seen.add(item);
            back += 1;
          }
        }
      }
      const waiting = queues.reduce((sum, queue) => sum + it.waiting(queue), 0);
      expect(waiting + seen.size).toBe(made);
      expect(back).toBeLessThanOrEqual(seen.size);
    }),
  );
});
