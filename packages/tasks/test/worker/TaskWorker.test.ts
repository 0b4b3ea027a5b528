import { setImmediate } from "node:timers/promises";
import { PeekError } from "@peek/errors";
import type { TaskContext, TaskHandler } from "@peek/plugin-base";
import { defineTask, type TaskOptions, TaskRejection } from "@peek/plugin-base/contracts";
import { defineTaskHandler } from "@peek/plugin-base/worker";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { queueText } from "../../src/queue/QueueName.ts";
import negate from "./fixtures/negate.ts";
import throws from "./fixtures/throws.ts";
import waits from "./fixtures/waits.ts";
import { origin, until, WorkerRig } from "./WorkerRig.ts";

type Options = Partial<TaskOptions<z.ZodType, z.ZodType>>;

function light(
  run: (input: unknown, context: TaskContext) => unknown,
  { name = "peek_plugin_x.Light", ...options }: Options & { name?: string } = {},
): TaskHandler {
  const task = defineTask(name, { input: z.unknown(), output: z.unknown(), weight: "light", ...options });
  return defineTaskHandler(import.meta, task, run);
}

describe("The outcome of a task", () => {
  test("is recorded and sent to the process that queued it", async () => {
    await using rig = new WorkerRig();
    const id = rig.add(negate, 5, { origin });
    await rig.worker.handle(negate);
    expect(await rig.ended(id)).toMatchObject({ kind: "done", output: "-5" });
    await until("the update", () => rig.updates.length > 0);
    expect(rig.updates).toEqual([{ kind: "done", id, output: "-5" }]);
  });

  test("is sent without an output that is too long, which the database has", async () => {
    await using rig = new WorkerRig();
    const long = light(() => "x".repeat(100_000));
    const id = rig.add(long, 1, { origin });
    await rig.worker.handle(long);
    await until("the update", () => rig.updates.length > 0);
    expect(rig.updates).toEqual([{ kind: "done", id, output: undefined }]);
  });

  test("is a dead letter after the declared number of tries with growing delays", async () => {
    await using rig = new WorkerRig();
    const attempts: number[] = [];
    const failing = light((_, { attempt }) => {
      attempts.push(attempt);
      throw new Error("It is broken");
    });
    const id = rig.add(failing, 1, { origin, retry: { tries: 3, delayMs: 1000, maxDelayMs: 1500 } });
    await rig.worker.handle(failing);
    const outcome = await rig.ended(id);
    const error = { code: "TASK_FAILED", message: "peek_plugin_x.Light: It is broken" };
    expect(outcome).toMatchObject({ kind: "failed", failures: 3, error });
    expect(attempts).toEqual([1, 2, 3]);
    const delays = rig.queue.settled.flatMap((each) => (each.kind === "retry" ? each.delayMs : []));
    expect(delays[0]).toBeGreaterThanOrEqual(900);
    expect(delays[0]).toBeLessThanOrEqual(1000);
    expect(delays[1]).toBeGreaterThanOrEqual(1350);
    expect(delays[1]).toBeLessThanOrEqual(1500);
    await until("the update", () => rig.updates.length > 0);
    expect(rig.updates).toEqual([{ kind: "failed", id, error }]);
    expect(rig.log.lines.at(0)).toMatch(
      /^warning: peek_plugin_x.Light .* failed, try 1 of 3, and will be retried in \d+ ms: TASK_FAILED/,
    );
  });

  test("is logged for each of many dead letters, by a line or by number, at the latest at the end", async () => {
    await using rig = new WorkerRig({ lightConcurrency: 25 });
    const failing = light(() => Promise.reject(new Error("It is broken")));
    const retry = { tries: 1, delayMs: 0, maxDelayMs: 0 };
    const ids = Array.from({ length: 45 }, (_, n) => rig.add(failing, n, { retry }));
    await rig.worker.handle(failing);
    for (const id of ids) await rig.ended(id);
    await rig.worker[Symbol.asyncDispose]();
    const own = rig.log.lines.filter((line) => line.includes("and is kept as a dead letter"));
    const rest = rig.log.lines.flatMap((line) => /and (\d+) more of/.exec(line)?.[1] ?? []).map(Number);
    expect(own.length).toBeGreaterThanOrEqual(20);
    expect(rest.reduce((sum, each) => sum + each, own.length)).toBe(45);
  });

  test("is logged with the fields of a rejection, as plain data of a bounded size", async () => {
    await using rig = new WorkerRig();
    const circle: unknown[] = [];
    circle.push(circle);
    const fields = { feeder: 5, at: new Date(0), many: 7n, circle, none: undefined, text: "x".repeat(5000) };
    const rejecting = light(() => {
      throw new TaskRejection("There is no such feeder", { fields: { ...fields, long: fields.text.split("") } });
    });
    const ids = [rig.add(rejecting, 1), rig.add(throws, "rejection")];
    await rig.worker.handle(rejecting);
    await rig.worker.handle(throws);
    for (const id of ids) expect(await rig.ended(id)).toMatchObject({ kind: "failed" });
    expect(rig.log.facts).toContainEqual({
      err: expect.any(Error),
      fields: {
        ...{ feeder: 5, at: "1970-01-01T00:00:00.000Z", many: "7", circle: "a value of type object" },
        text: expect.stringMatching(/^x{999}…$/),
        long: "20001 characters, too long for the log",
      },
    });
    // The rejection in a thread.
    expect(rig.log.facts).toContainEqual({ err: expect.any(Error), fields: { feeder: 17, password: "geheim" } });
  });

  test("fails its task, and no other, when the database refuses it", async () => {
    await using rig = new WorkerRig();
    const echo = light((input) => input);
    rig.queue.refuse = (outcome) => outcome.kind === "done" && outcome.output === '"bad"';
    const good = Array.from({ length: 9 }, (_, n) => rig.add(echo, n));
    const bad = rig.add(echo, "bad");
    await rig.worker.handle(echo);
    expect(await rig.ended(bad)).toMatchObject({ kind: "failed", error: { code: "TASK_OUTPUT_INVALID" } });
    for (const id of good) expect(await rig.ended(id)).toMatchObject({ kind: "done" });
  });

  test("is recorded in a smaller batch when the database is too slow", async () => {
    await using rig = new WorkerRig({ lightConcurrency: 40 });
    const echo = light((input) => input);
    rig.queue.isSlow = (outcomes) => outcomes.length > 15;
    const ids = Array.from({ length: 40 }, (_, n) => rig.add(echo, n));
    await rig.worker.handle(echo);
    for (const id of ids) expect(await rig.ended(id)).toMatchObject({ kind: "done" });
  });

  test("with a long output is recorded in a statement of bounded size, and a too long output fails its task", async () => {
    await using rig = new WorkerRig({ lightConcurrency: 8 });
    const long = light((length) => "x".repeat(Number(length)));
    const ids = Array.from({ length: 6 }, () => rig.add(long, 2_000_000));
    const tooLong = rig.add(long, 16 * 1024 * 1024, { retry: { tries: 1, delayMs: 0, maxDelayMs: 0 } });
    await rig.worker.handle(long);
    for (const id of ids) expect(await rig.ended(id)).toMatchObject({ kind: "done" });
    expect(Math.max(...rig.queue.settles)).toBeLessThanOrEqual(3);
    expect(await rig.ended(tooLong)).toMatchObject({
      kind: "failed",
      error: {
        code: "TASK_OUTPUT_INVALID",
        message: expect.stringMatching(/^The output of peek_plugin_x\.Light has 16777218 bytes/),
      },
    });
  });
});

describe("A light task", () => {
  test("that exceeds its deadline fails; its late end has no effect, and it keeps its slot until then", async () => {
    await using rig = new WorkerRig({ lightConcurrency: 1 });
    const end = Promise.withResolvers<void>();
    const late = light(() => end.promise, { deadlineMs: 20 });
    const id = rig.add(late, 1, { retry: { tries: 1, delayMs: 0, maxDelayMs: 0 } });
    await rig.worker.handle(late);
    const error = { code: "TASK_TIMED_OUT", message: "peek_plugin_x.Light took longer than its deadlineMs of 20" };
    expect(await rig.ended(id)).toMatchObject({ kind: "failed", error });
    expect(rig.worker.status().tasks).toMatchObject([{ running: 1, failed: 1 }]);
    end.resolve();
    await until("the late end", () => rig.worker.status().tasks[0]?.running === 0);
    expect(rig.worker.status().tasks).toMatchObject([{ running: 0, done: 0, failed: 1 }]);
  });

  test("that runs on after its deadline is logged, one line for many; one that ends with its signal is not", async () => {
    await using rig = new WorkerRig({ lightConcurrency: 10 });
    const end = Promise.withResolvers<void>();
    const late = light(() => end.promise, { deadlineMs: 20, name: "peek_plugin_x.Late" });
    const obedient = light(
      (_, { signal }) => new Promise((resolve) => signal.addEventListener("abort", () => resolve(1))),
      { deadlineMs: 20, name: "peek_plugin_x.Obedient" },
    );
    const retry = { tries: 1, delayMs: 0, maxDelayMs: 0 };
    for (let n = 0; n < 5; n += 1) {
      rig.add(late, n, { retry });
      rig.add(obedient, n, { retry });
    }
    await rig.worker.handle(late);
    await rig.worker.handle(obedient);
    const about = (what: string): readonly string[] => rig.log.lines.filter((line) => line.includes(what));
    await until("a word of it", () => about("after its deadline").length > 0);
    end.resolve();
    await until("the other word", () => about("any more").length > 0);
    expect(about("after its deadline")).toEqual([
      expect.stringMatching(/^warning: peek_plugin_x\.Late \S+ runs on after its deadline, and keeps its slot/),
      "info: No task of peek_plugin_x.Late runs after its deadline any more",
    ]);
  });

  test("that was cancelled gets its signal, and no outcome is recorded", async () => {
    await using rig = new WorkerRig();
    const signals: AbortSignal[] = [];
    const obedient = light(
      (_, { signal }) =>
        new Promise((_, reject) => {
          signals.push(signal);
          signal.addEventListener("abort", () => reject(signal.reason));
        }),
    );
    const id = rig.add(obedient, 1);
    await rig.worker.handle(obedient);
    await until("its start", () => signals.length === 1);
    rig.worker.cancelled(id);
    await until("its end", () => rig.worker.status().tasks[0]?.running === 0);
    expect(signals[0]?.reason).toMatchObject({ code: "TASK_CANCELLED" });
    expect(rig.queue.settled).toEqual([]);
  });

  test("whose lease is lost is aborted, and no outcome is recorded", async () => {
    await using rig = new WorkerRig();
    const fired = Promise.withResolvers<void>();
    const started = Promise.withResolvers<void>();
    const slow = light(async (_, { signal }) => {
      signal.addEventListener("abort", () => fired.resolve());
      started.resolve();
      await fired.promise;
    });
    const id = rig.add(slow, 1);
    await rig.worker.handle(slow);
    await started.promise;
    rig.queue.rows.delete(id);
    await fired.promise;
    await until("its end", () => rig.worker.status().tasks[0]?.running === 0);
    expect(rig.queue.settled).toEqual([]);
    expect(rig.log.lines.join("\n")).toContain("has lost its lease");
  });

  test("whose lease is lost together with many others is logged in one common line", async () => {
    await using rig = new WorkerRig({ lightConcurrency: 10 });
    let begun = 0;
    const slow = light((_, { signal }) => {
      begun += 1;
      return new Promise((resolve) => signal.addEventListener("abort", () => resolve(1)));
    });
    for (let n = 0; n < 10; n += 1) rig.add(slow, n);
    await rig.worker.handle(slow);
    await until("their start", () => begun === 10);
    rig.queue.rows.clear();
    await until("their end", () => rig.worker.status().tasks[0]?.running === 0);
    expect(rig.log.lines).toEqual([
      expect.stringMatching(
        /^warning: This worker has lost its lease of peek_plugin_x\.Light \S+ \(and 9 more of this task\)/,
      ),
    ]);
  });

  test("that blocks the event loop is named in the log", async () => {
    await using rig = new WorkerRig();
    const blocking = light(() => {
      const end = performance.now() + 300;
      while (performance.now() < end);
    });
    rig.add(blocking, 1);
    await rig.worker.handle(blocking);
    await until("the warning", () =>
      rig.log.lines.some((line) => /for \d+ ms while .*: peek_plugin_x.Light\. /.test(line)),
    );
  });
});

describe("Queues are fetched", () => {
  test("after one poll for all of them, and at once after a signal", async () => {
    await using rig = new WorkerRig({ pollMs: 1_000_000 });
    const echo = light((input) => input);
    await rig.worker.handle(echo);
    await until("the first question", () => rig.queue.dueAsked === 1);
    const id = rig.add(echo, 5);
    rig.worker.wake(queueText(rig.queueOf(echo)));
    expect(await rig.ended(id)).toMatchObject({ kind: "done" });
    expect(new Set(rig.queue.fetches.map(({ queue }) => queue))).toEqual(new Set([queueText(rig.queueOf(echo))]));
    rig.worker.wake("peek_plugin_x.Other.1");
    rig.worker.wake("rubbish");
  });

  test("again after the database was away, and outcomes from that time are recorded", async () => {
    await using rig = new WorkerRig();
    const end = Promise.withResolvers<void>();
    const slow = light(async () => await end.promise);
    const first = rig.add(slow, 1);
    await rig.worker.handle(slow);
    await until("its start", () => rig.worker.status().tasks[0]?.running === 1);
    rig.queue.isAway = true;
    end.resolve();
    const second = rig.add(slow, 2);
    const warnings = (): string[] => rig.log.lines.filter((line) => !line.startsWith("debug"));
    await until("both warnings", () => warnings().length === 2);
    const asked = rig.queue.dueAsked;
    await until("more questions", () => rig.queue.dueAsked > asked + 3);
    expect(warnings().toSorted()).toEqual([
      "warning: Failed to fetch tasks: The database cannot be reached. It will be retried",
      "warning: Failed to record outcomes of tasks, which will be retried: The database cannot be reached",
    ]);
    rig.queue.isAway = false;
    expect(await rig.ended(first)).toMatchObject({ kind: "done", attempt: { retryCount: 0 } });
    expect(await rig.ended(second)).toMatchObject({ kind: "done" });
  });

  test("without a flood of log lines while one of them fails and others succeed", async () => {
    await using rig = new WorkerRig();
    const echo = light((input) => input);
    rig.queue.beforeFetch = () => {
      throw new PeekError("STORAGE_TIMEOUT", "The database has not answered in time.");
    };
    rig.add(echo, 1);
    await rig.worker.handle(echo);
    await until("five tries", () => rig.queue.fetches.length === 5);
    expect(rig.log.lines).toEqual([
      "warning: Failed to fetch tasks: The database has not answered in time. It will be retried",
      "info: Tasks are fetched again",
    ]);
  });

  test("fairly: the flood of one plugin does not delay the tasks of another", async () => {
    await using rig = new WorkerRig();
    const begun: string[] = [];
    const flood = light(
      () => {
        begun.push("flood");
        return setImmediate(1);
      },
      { name: "peek_plugin_a.Flood" },
    );
    const few = light(() => begun.push("few"), { name: "peek_plugin_b.Few" });
    for (let i = 0; i < 5000; i += 1) rig.add(flood, i);
    await rig.worker.handle(flood);
    await rig.worker.handle(few);
    await until("the flood", () => rig.queue.settled.length > 200);
    const ids = Array.from({ length: 10 }, (_, n) => rig.add(few, n));
    const before = begun.length;
    rig.worker.wake(queueText(rig.queueOf(few)));
    for (const id of ids) await rig.ended(id);
    // The plugins alternate.
    expect(begun.lastIndexOf("few") - before).toBeLessThan(100);
  });
});

describe("The end of a worker or handler", () => {
  test("waits for running tasks, and hands back the others", async () => {
    await using rig = new WorkerRig({ lightConcurrency: 1 });
    const ends: (() => void)[] = [];
    const slow = light(() => new Promise<void>((resolve) => ends.push(resolve)));
    const ids = Array.from({ length: 10 }, (_, n) => rig.add(slow, n));
    const registration = await rig.worker.handle(slow);
    await until("a begin", () => ends.length === 1);
    const released = registration[Symbol.asyncDispose]();
    await until(
      "the others are handed back",
      () => [...rig.queue.rows.values()].filter(({ state }) => state === "waiting").length === 9,
    );
    ends[0]?.();
    await released;
    expect(rig.log.lines).toEqual(["info: 1 task of peek_plugin_x.Light returned to the queue without a start"]);
    expect(rig.queue.outcome(ids[0] ?? "")).toMatchObject({ kind: "done" });
    expect(rig.queue.settled.filter(({ kind }) => kind === "handedBack")).not.toContainEqual(
      expect.objectContaining({ begun: true }),
    );
    expect(ends).toHaveLength(1);
    expect(rig.worker.status().tasks).toEqual([]);
  });

  test("aborts light and heavy tasks that do not end in time, and hands them back", async () => {
    await using rig = new WorkerRig({ stopMs: 1000 });
    const stubborn = light(() => new Promise(() => undefined));
    const ids = [rig.add(stubborn, 1), rig.add(waits, "ignore", { origin }), rig.add(waits, "obey", { origin })];
    await rig.worker.handle(stubborn);
    await rig.worker.handle(waits);
    await until(
      "their begins",
      () => rig.updates.length === 2 && rig.worker.status().tasks.every(({ running }) => running > 0),
    );
    await rig.worker[Symbol.asyncDispose]();
    for (const id of ids) expect(rig.queue.outcome(id)).toMatchObject({ kind: "handedBack", begun: true });
    expect(rig.woken).toContain("peek_plugin_x.Waits.1");
  });

  test("hands back the tasks of a fetch that started before", async () => {
    await using rig = new WorkerRig();
    const [asked, answer] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    rig.queue.beforeFetch = () => {
      asked.resolve();
      return answer.promise;
    };
    const echo = light((input) => input);
    const id = rig.add(echo, 1);
    const registration = await rig.worker.handle(echo);
    await asked.promise;
    await registration[Symbol.asyncDispose]();
    answer.resolve();
    await until("it is handed back", () => rig.queue.outcome(id)?.kind === "handedBack");
    expect(rig.queue.rows.get(id)).toMatchObject({ state: "waiting" });
  });
});

describe("A handler is refused", () => {
  test("when the task has one already", async () => {
    await using rig = new WorkerRig();
    await rig.worker.handle(negate);
    await expect(rig.worker.handle(negate)).rejects.toMatchObject({ code: "TASK_ALREADY_HANDLED" });
  });

  test("when a heavy one is not the default export of its module", async () => {
    await using rig = new WorkerRig();
    const task = defineTask("peek_plugin_x.Heavy", { input: z.unknown() });
    const nowhere = defineTaskHandler({ url: new URL("./nowhere.ts", import.meta.url).href }, task, () => undefined);
    await expect(rig.worker.handle(nowhere)).rejects.toMatchObject({
      code: "TASK_HANDLER_INVALID",
      message: expect.stringMatching(
        /^The heavy task peek_plugin_x.Heavy cannot be handled: its module .*nowhere.ts cannot be imported: /,
      ),
    });
    const other = { ...nowhere, url: negate.url };
    await expect(rig.worker.handle(other)).rejects.toThrow(/is the handler of peek_plugin_x.Negate/);
    const noDefault = { ...nowhere, url: new URL("../TestTaskDatabase.ts", import.meta.url).href };
    await expect(rig.worker.handle(noDefault)).rejects.toThrow(/the default export of .* is undefined\. Write/);
  });
});
