import { AsyncLocalStorage } from "node:async_hooks";
import { PeekError } from "@peek/errors";
import { encode } from "@peek/plugin-base/contracts";
import { describe, expect, it, onTestFinished } from "vitest";
import { caught } from "@peek/kit/testing";
import { doubleAll, Double, doubles, openRig, plugin, Sweep, fetchWoken } from "./rig.ts";
import { FakeTaskQueue } from "./FakeTaskQueue.ts";

const unavailable = new PeekError("STORAGE_UNAVAILABLE", "The database cannot be reached.");

function open(pollMs?: number) {
  const rig = openRig(new FakeTaskQueue(), pollMs);
  onTestFinished(() => rig[Symbol.asyncDispose]());
  return rig;
}

describe("run()", () => {
  it("returns the output that the worker reports, transformed by the schema, without reading the database", async () => {
    const rig = open();
    const running = rig.tasks.run(Double, "5");
    rig.caller.receive(await doubleAll(rig));
    expect(await running).toBe("10 turns");
    expect(rig.queue.reads).toEqual([]);
    expect(rig.caller.waiting).toBe(0);
  });

  it("returns undefined for a task without output", async () => {
    const rig = open();
    const running = rig.tasks.run(Sweep, {});
    const [fetched] = await fetchWoken(rig, { ...doubles, task: Sweep.name });
    rig.caller.receive([{ kind: "done", id: fetched?.id ?? "", output: "" }]);
    expect(await running).toBeUndefined();
  });

  it("reads an output that was too long to send from the database", async () => {
    const rig = open();
    const running = rig.tasks.run(Double, "5");
    const [news] = await doubleAll(rig);
    rig.caller.receive([{ kind: "done", id: news?.id ?? "", output: undefined }]);
    expect(await running).toBe("10 turns");
  });

  it("reads such an output also when the worker is faster than the answer of the insert", async () => {
    const rig = open();
    const { queue, tasks } = rig;
    const insert = queue.insert.bind(queue);
    const answered = Promise.withResolvers<void>();
    queue.insert = async (name, requests) => {
      const ids = await insert(name, requests);
      const [attempt] = await queue.fetch(name, 1);
      if (attempt === undefined) throw new Error("Nothing was queued");
      await queue.settle(name, [{ kind: "done", attempt, output: "10" }]);
      rig.caller.receive([{ kind: "done", id: attempt.id, output: undefined }]);
      await answered.promise;
      return ids;
    };
    expect(await tasks.run(Double, "5")).toBe("10 turns");
    answered.resolve();
  });

  it("finds the output in the database when the update was lost", async () => {
    const rig = open(5);
    const running = rig.tasks.run(Double, "5");
    await doubleAll(rig);
    expect(await running).toBe("10 turns");
  });

  it("does not read a task that is not inserted yet", async () => {
    const rig = open(1);
    const { tasks, queue } = rig;
    const other = await tasks.enqueue(Sweep, {});
    const [sent, looked] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    queue.before = (statement) => {
      if (queue.reads.length > 3) looked.resolve();
      return statement === "insert" ? sent.promise : undefined;
    };
    const running = tasks.run(Double, "5");
    const waiting = caught(tasks.wait(Sweep, other));
    await looked.promise;
    expect(new Set(queue.reads)).toEqual(new Set([other]));
    sent.resolve();
    await doubleAll(rig);
    expect(await running).toBe("10 turns");
    await rig.stop();
    await waiting;
  });

  it("keeps polling while the database is away, and logs it once", async () => {
    const rig = open(5);
    let failures = 3;
    rig.queue.before = (statement) => {
      if (statement === "read" && failures-- > 0) throw unavailable;
    };
    const running = rig.tasks.run(Double, "5");
    await doubleAll(rig);
    expect(await running).toBe("10 turns");
    expect(rig.log.lines).toEqual([
      "warning: Failed to read the tasks that are waited for: The database cannot be reached.",
    ]);
  });

  it.each([
    ["TASK_REJECTED", "TASK_REJECTED"],
    ["TASK_LOST", "TASK_LOST"],
    ["DATA_INVALID", "DATA_INVALID"],
    ["STORAGE_CONFLICT", "TASK_FAILED"],
    ["TASK_OF_A_NEWER_VERSION", "TASK_FAILED"],
  ])("fails with the error of the task: %s as %s", async (code, expected) => {
    const rig = open();
    const running = caught(rig.tasks.run(Double, "5"));
    const [fetched] = await fetchWoken(rig, doubles);
    rig.caller.receive([{ kind: "failed", id: fetched?.id ?? "", error: { code, message: "There is no such pump" } }]);
    expect(await running).toMatchObject({
      code: expected,
      message: "There is no such pump",
      fields: { task: Double.name, id: fetched?.id },
    });
  });

  it("fails when the output of a worker with another version does not fit the schema", async () => {
    const rig = open();
    for (const [output, what] of [
      [encode("ten"), " does not match its schema"],
      ["{", " cannot be read: "],
    ] as const) {
      const running = caught(rig.tasks.run(Double, "5"));
      const [fetched] = await fetchWoken(rig, doubles);
      rig.caller.receive([{ kind: "done", id: fetched?.id ?? "", output }]);
      const error = await running;
      expect(error).toMatchObject({ code: "TASK_OUTPUT_INVALID", fields: { task: Double.name, path: "$" } });
      expect(error.message).toContain(`The output of ${Double.name}${what}`);
    }
  });

  it("reports progress in the caller's async context, and an error of onProgress does not end the task", async () => {
    const rig = open();
    const context = new AsyncLocalStorage<string>();
    const seen: unknown[] = [];
    const running = context.run("of the caller", () =>
      rig.tasks.run(Double, "5", {
        onProgress: (value): unknown => {
          seen.push(value, context.getStore());
          if (value === 1n) throw new Error("no");
          return Promise.reject(new Error("nor later"));
        },
      }),
    );
    const [fetched] = await fetchWoken(rig, doubles);
    const id = fetched?.id ?? "";
    const progress = (value: string) => ({ kind: "progress", id, value }) as const;
    rig.caller.receive([progress(encode(1n)), progress("{"), progress(encode("half"))]);
    rig.caller.receive([{ kind: "done", id, output: encode(10) }, progress(encode("too late"))]);
    expect(await running).toBe("10 turns");
    expect(seen).toEqual([1n, "of the caller", "half", "of the caller"]);
    expect(rig.log.lines.filter((line) => line.startsWith("warning"))).toEqual([
      `warning: onProgress() of the task ${Double.name} threw an error: no`,
      `warning: onProgress() of the task ${Double.name} threw an error: nor later`,
    ]);
  });

  it("cancels the task at its deadline, notifies the workers, and fails with the state of the task", async () => {
    const rig = open();
    const { tasks, queue, signals } = rig;
    const waiting = await caught(tasks.run(Double, "1", { deadlineMs: 1 }));
    const [id] = queue.rows.keys();
    expect(waiting).toMatchObject({
      code: "TASK_DEADLINE_EXCEEDED",
      fields: { task: Double.name, id, deadlineMs: 1, state: "waiting", attempts: 0 },
    });
    expect(waiting.message).toBe(
      `The task ${Double.name} (${id}) was not done within 1 ms: no worker had started it. It was cancelled.`,
    );
    expect(signals.cancelledIds).toEqual([id]);
    expect(queue.rows.get(id ?? "")?.state).toBe("cancelled");
  });

  it.each([
    ["running", 1, 0, undefined, "it was running, at try 1. It"],
    [
      "running",
      3,
      2,
      "no",
      "it was running, at try 3, after it had failed 2 times, the last time with TASK_FAILED: no. It",
    ],
    [
      "waiting",
      1,
      1,
      "no.",
      "it was waiting for its next try, after it had failed once, the last time with TASK_FAILED: no. It",
    ],
  ] as const)("fails at its deadline with the state of a task that is %s, at try %d, failed %d: %s", async (...row) => {
    const [state, attempts, failures, message, expected] = row;
    const { tasks, queue } = open();
    queue.before = (statement, id = "") => {
      if (statement !== "read") return;
      Object.assign(queue.rows.get(id) ?? {}, { state, attempts, failures });
      if (message !== undefined) Object.assign(queue.rows.get(id) ?? {}, { error: { code: "TASK_FAILED", message } });
    };
    expect((await caught(tasks.run(Double, "1", { deadlineMs: 1 }))).message).toContain(expected);
  });

  it("returns the output of a task that is done when its deadline passes", async () => {
    const { tasks, queue, signals } = open();
    queue.before = async (statement, id = "") => {
      if (statement !== "cancel") return;
      Object.assign(queue.rows.get(id) ?? {}, { state: "done", output: encode(4) });
    };
    expect(await tasks.run(Double, "2", { deadlineMs: 1 })).toBe("4 turns");
    expect(signals.cancelledIds).toEqual([]);
  });

  it("fails at its deadline also when the database does not answer, and cancels a task that is inserted later", async () => {
    const { tasks, queue, signals } = open();
    const { promise, resolve } = Promise.withResolvers<void>();
    queue.before = (statement) => (statement === "insert" ? promise : undefined);
    const error = await caught(tasks.run(Double, "1", { deadlineMs: 1 }));
    expect(error.message).toContain("its state is unknown, since the database did not answer in time");
    resolve();
    await signals.until(() => signals.cancelledIds.length > 0);
    expect([...queue.rows.values()].map(({ state }) => state)).toEqual(["cancelled"]);
  });

  it("fails with the reason of its signal, and cancels the task", async () => {
    const { tasks, queue, signals } = open();
    const controller = new AbortController();
    const reason = new Error("The user has left");
    const running = expect(tasks.run(Double, "1", { signal: controller.signal })).rejects.toBe(reason);
    await signals.until(() => signals.woken.length > 0);
    const other = caught(tasks.wait(Double, [...queue.rows.keys()][0] ?? ""));
    controller.abort(reason);
    await running;
    expect(await other).toMatchObject({ code: "TASK_CANCELLED" });
    expect(signals.cancelledIds).toEqual([...queue.rows.keys()]);
    await expect(tasks.run(Double, "1", { signal: controller.signal })).rejects.toBe(reason);
    expect(queue.rows.size).toBe(1);
  });

  it("fails when its plugin is stopped, and cancels the task", async () => {
    const { tasks, queue, signals, stop } = open();
    const running = caught(tasks.run(Double, "1"));
    await signals.until(() => signals.woken.length > 0);
    await stop();
    expect(signals.cancelledIds).toEqual([...queue.rows.keys()]);
    const error = await running;
    expect(error).toMatchObject({ code: "TASK_CANCELLED", fields: { plugin } });
    expect(error.message).toContain(`was cancelled: ${plugin} was stopped while it waited for it.`);
  });

  it("fails when the task is cancelled or dropped", async () => {
    // Without polling: cancel() itself ends the wait.
    const withoutPolling = open();
    const running = caught(withoutPolling.tasks.run(Double, "1"));
    const [fetched] = await fetchWoken(withoutPolling, doubles);
    expect(await withoutPolling.tasks.cancel(Double, fetched?.id ?? "")).toBe(true);
    expect(await running).toMatchObject({ code: "TASK_CANCELLED" });
    const rig = open(5);
    const dropped = caught(rig.tasks.run(Double, "1"));
    await fetchWoken(rig, doubles);
    rig.queue.rows.clear();
    expect(await dropped).toMatchObject({ code: "TASK_NOT_FOUND" });
  });

  it("runs 10,000 at a time without a leak, with at most 20 reads at a time", async () => {
    const rig = open(5);
    let most = 0;
    let now = 0;
    rig.queue.before = async (statement) => {
      if (statement !== "read") return;
      now += 1;
      most = Math.max(most, now);
      await Promise.resolve();
      now -= 1;
    };
    const running = Array.from({ length: 10_000 }, (_, index) => rig.tasks.run(Double, String(index)));
    await rig.signals.until(() => rig.queue.rows.size === 10_000);
    expect(rig.caller.waiting).toBe(10_000);
    for (const row of rig.queue.rows.values()) {
      Object.assign(row, { state: "done", output: encode(2 * Number(row.input.slice(1, -1))) });
    }
    expect(await Promise.all(running)).toEqual(Array.from(running, (_, index) => `${2 * index} turns`));
    expect(most).toBeLessThanOrEqual(20);
    expect(rig.caller.waiting).toBe(0);
  });
});

describe("wait()", () => {
  it("returns the output of a task that is done, that runs, or that another process has queued", async () => {
    const rig = open(5);
    const { tasks, caller } = rig;
    const id = await tasks.enqueue(Double, "5");
    const both = [tasks.wait(Double, id), tasks.wait(Double, id)];
    caller.receive(await doubleAll(rig));
    expect(await Promise.all(both)).toEqual(["10 turns", "10 turns"]);
    expect(await tasks.wait(Double, id)).toBe("10 turns");
    const other = await tasks.enqueue(Double, "6");
    const polled = tasks.wait(Double, other);
    await doubleAll(rig);
    expect(await polled).toBe("12 turns");
    expect(caller.waiting).toBe(0);
  });

  it("polls frequently for a task whose updates go to another process", async () => {
    const rig = open(3_600_000);
    const { tasks, queue, caller } = rig;
    const [request] = (await tasks.enqueue(Double, "1"), queue.inserts.flat());
    if (request === undefined) throw new Error("Nothing was queued");
    const origin = { service: "worker", instance: "worker-9" } as const;
    await queue.insert(doubles, [{ ...request, id: request.id.replace(/.{4}$/, "0000"), origin }]);
    const waiting = tasks.wait(Double, request.id.replace(/.{4}$/, "0000"));
    await doubleAll(rig);
    expect(await waiting).toBe("2 turns");
    expect(caller.waiting).toBe(0);
  });

  it("fails for an unknown id, and for the id of a task of another type", async () => {
    const { tasks } = open();
    const id = await tasks.enqueue(Sweep, {});
    expect((await caught(tasks.wait(Double, "123"))).message).toBe(
      `wait() for ${Double.name} failed: "123" is not the id of a task. Give the id that enqueue() returned.`,
    );
    for (const waiting of [
      tasks.wait(Double, id),
      tasks.wait(Double, "5"),
      tasks.wait(Double, id.replace(/.$/, "x")),
    ]) {
      expect(await caught(waiting)).toMatchObject({ code: "TASK_NOT_FOUND", fields: { task: Double.name } });
    }
  });

  it("does not cancel the task at its deadline, by its signal or at the plugin's stop", async () => {
    const { tasks, queue, signals, stop } = open();
    const id = await tasks.enqueue(Double, "5");
    const late = await caught(tasks.wait(Double, id, { deadlineMs: 1 }));
    expect(late.message).toContain("was not done within 1 ms: no worker had started it. It continues.");
    const controller = new AbortController();
    const aborted = expect(tasks.wait(Double, id, { signal: controller.signal })).rejects.toBe("enough");
    controller.abort("enough");
    await aborted;
    const stopped = caught(tasks.wait(Double, id));
    await stop();
    expect(await stopped).toMatchObject({ code: "PLUGIN_RELEASED", fields: { task: Double.name, id } });
    expect([queue.rows.get(id)?.state, signals.cancelledIds]).toEqual(["waiting", []]);
  });

  it("fails with the error of the database", async () => {
    const { tasks, queue } = open();
    const id = await tasks.enqueue(Double, "5");
    queue.before = () => {
      throw unavailable;
    };
    expect(await caught(tasks.wait(Double, id))).toBe(unavailable);
  });
});

describe("find() and cancel()", () => {
  it("ignore tasks of other types", async () => {
    const rig = open();
    const { tasks } = rig;
    const id = await tasks.enqueue(Double, "5", { key: "north" });
    const keyed = { ...doubles, kind: "keyed" } as const;
    expect(await tasks.find(Double, { key: "north" })).toMatchObject([{ id, state: "waiting", attempts: 0 }]);
    expect(await tasks.find(Sweep, { id })).toEqual([]);
    expect(await tasks.find(Double, { id: "5" })).toEqual([]);
    expect(await tasks.find(Double, { key: "\0" })).toEqual([]);
    expect(await tasks.cancel(Sweep, id)).toBe(false);
    await doubleAll(rig, keyed);
    expect(await tasks.find(Double, { id })).toMatchObject([{ id, state: "done", attempts: 1, output: "10 turns" }]);
    expect(await tasks.cancel(Double, id)).toBe(false);
    expect((await caught(tasks.find(Double, {} as { id: string }))).message).toContain('such as { key: "pump 5" }');
  });

  it("replace an output that does not match its schema any more by an error", async () => {
    const { tasks, queue } = open();
    const id = await tasks.enqueue(Double, "5");
    Object.assign(queue.rows.get(id) ?? {}, { state: "done", output: encode("ten") });
    const [found] = await tasks.find(Double, { id });
    expect(found).toMatchObject({ state: "done", error: { code: "TASK_OUTPUT_INVALID" } });
    expect(found).not.toHaveProperty("output");
  });
});

describe("the end of a service", () => {
  it("ends all waits and leaves no query running", async () => {
    const rig = open();
    const { tasks, caller, signals } = rig;
    const id = await tasks.enqueue(Double, "5");
    const ended = [caught(tasks.run(Double, "5")), caught(tasks.wait(Double, id))];
    await signals.until(() => signals.woken.length > 1);
    await caller[Symbol.asyncDispose]();
    expect((await Promise.all(ended)).map(({ code }) => code)).toEqual(["TASK_CANCELLED", "PLUGIN_RELEASED"]);
    expect(caller.waiting).toBe(0);
  });
});
