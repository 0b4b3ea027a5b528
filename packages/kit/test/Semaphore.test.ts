import { setImmediate } from "node:timers/promises";
import { expect, test } from "vitest";
import { Semaphore } from "@peek/kit";

/** Work that a test ends. */
class Work {
  readonly started: string[] = [];
  readonly #ends = new Map<string, PromiseWithResolvers<string>>();

  readonly start = (name: string) => async (): Promise<string> => {
    this.started.push(name);
    const end = Promise.withResolvers<string>();
    this.#ends.set(name, end);
    return await end.promise;
  };

  async end(name: string): Promise<void> {
    this.#ends.get(name)?.resolve(name);
    await setImmediate();
  }

  async fail(name: string): Promise<void> {
    this.#ends.get(name)?.reject(new Error(name));
    await setImmediate();
  }
}

test("A semaphore runs as many at a time as it has permits, and the others in the order of their calls", async () => {
  const work = new Work();
  const semaphore = new Semaphore(2);
  const all = ["a", "b", "c", "d"].map((name) => semaphore.run(work.start(name)));
  expect(work.started).toEqual(["a", "b"]);
  await work.end("b");
  expect(work.started).toEqual(["a", "b", "c"]);
  for (const name of ["a", "c", "d"]) await work.end(name);
  expect(await Promise.all(all)).toEqual(["a", "b", "c", "d"]);
});

test("A waiter is not overtaken by a call that comes when a permit is released", async () => {
  const work = new Work();
  const semaphore = new Semaphore(1);
  const first = semaphore.run(work.start("first"));
  const waiter = semaphore.run(work.start("waiter"));
  const late = first.then(() => semaphore.run(work.start("late")));
  await work.end("first");
  await work.end("waiter");
  await work.end("late");
  expect(await Promise.all([waiter, late])).toEqual(["waiter", "late"]);
  expect(work.started).toEqual(["first", "waiter", "late"]);
});

test("Failed work releases its permit, and its error reaches the caller", async () => {
  const work = new Work();
  const semaphore = new Semaphore(1);
  const failing = expect(semaphore.run(work.start("bad"))).rejects.toThrow("bad");
  const next = semaphore.run(work.start("good"));
  await work.fail("bad");
  await failing;
  await work.end("good");
  expect(await next).toBe("good");
});

test("tryRun() returns undefined without running the work when the queue is full", async () => {
  const work = new Work();
  const semaphore = new Semaphore(1, 1);
  const running = semaphore.tryRun(work.start("running"));
  const waiting = semaphore.tryRun(work.start("waiting"));
  expect(await semaphore.tryRun(work.start("refused"))).toBeUndefined();
  await work.end("running");
  await work.end("waiting");
  expect(await Promise.all([running, waiting])).toEqual(["running", "waiting"]);
  expect(work.started).toEqual(["running", "waiting"]);
});

test("A semaphore without room for waiters runs the work when a permit is free", async () => {
  expect(await new Semaphore(1, 0).tryRun(async () => "done")).toBe("done");
});

test("An aborted waiter leaves the queue without running its work, and the next one gets the permit", async () => {
  const work = new Work();
  const semaphore = new Semaphore(1);
  const running = semaphore.run(work.start("running"));
  const abort = new AbortController();
  const aborted = semaphore.run(work.start("aborted"), abort.signal);
  const next = semaphore.run(work.start("next"));
  const reason = new Error("stopped");
  abort.abort(reason);
  await expect(aborted).rejects.toBe(reason);
  await expect(semaphore.run(work.start("late"), abort.signal)).rejects.toBe(reason);
  await work.end("running");
  await work.end("next");
  expect(await Promise.all([running, next])).toEqual(["running", "next"]);
  expect(work.started).toEqual(["running", "next"]);
});
