import { AsyncLocalStorage } from "node:async_hooks";
import { PeekError } from "@peek/errors";
import { encode } from "@peek/plugin-base/contracts";
import { describe, expect, it, onTestFinished } from "vitest";
import { doubleAll, Double, doubles, openRig, plugin, rejection, Sweep, takeWoken } from "./rig.ts";
import { TableQueue } from "./TableQueue.ts";

const unavailable = new PeekError("STORAGE_UNAVAILABLE", "The database cannot be reached.");

function open(netMs?: number) {
  const rig = openRig(new TableQueue(), netMs);
  onTestFinished(() => rig[Symbol.asyncDispose]());
  return rig;
}

describe("run()", () => {
  it("gives the output that the worker tells of, as the schema makes it, without a look into the database", async () => {
    const rig = open();
    const running = rig.tasks.run(Double, "5");
    rig.caller.hear(await doubleAll(rig));
    expect(await running).toBe("10 turns");
    expect(rig.queue.reads).toEqual([]);
    expect(rig.caller.waiting).toBe(0);
  });

  it("gives nothing for a task without output", async () => {
    const rig = open();
    const running = rig.tasks.run(Sweep, {});
    const [taken] = await takeWoken(rig, { ...doubles, task: Sweep.name });
    rig.caller.hear([{ kind: "done", id: taken?.id ?? "", output: "" }]);
    expect(await running).toBeUndefined();
  });

  it("reads the output that was too long to be told", async () => {
    const rig = open();
    const running = rig.tasks.run(Double, "5");
    const [news] = await doubleAll(rig);
    rig.caller.hear([{ kind: "done", id: news?.id ?? "", output: undefined }]);
    expect(await running).toBe("10 turns");
  });

  it("reads it also when the worker is quicker than the answer that it was queued", async () => {
    const rig = open();
    const { queue, tasks } = rig;
    const insert = queue.insert.bind(queue);
    const answered = Promise.withResolvers<void>();
    queue.insert = async (name, requests) => {
      const ids = await insert(name, requests);
      const [attempt] = await queue.take(name, 1);
      if (attempt === undefined) throw new Error("Nothing was queued");
      await queue.settle(name, [{ kind: "done", attempt, output: "10" }]);
      rig.caller.hear([{ kind: "done", id: attempt.id, output: undefined }]);
      await answered.promise;
      return ids;
    };
    expect(await tasks.run(Double, "5")).toBe("10 turns");
    answered.resolve();
  });

  it("finds in the database what it was not told", async () => {
    const rig = open(5);
    const running = rig.tasks.run(Double, "5");
    await doubleAll(rig);
    expect(await running).toBe("10 turns");
  });

  it("does not look for what is still on its way into the database", async () => {
    const rig = open(1);
    const { tasks, queue } = rig;
    const other = await tasks.enqueue(Sweep, {});
    const [sent, looked] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    queue.before = (statement) => {
      if (queue.reads.length > 3) looked.resolve();
      return statement === "insert" ? sent.promise : undefined;
    };
    const running = tasks.run(Double, "5");
    const waiting = rejection(tasks.wait(Sweep, other));
    await looked.promise;
    expect(new Set(queue.reads)).toEqual(new Set([other]));
    sent.resolve();
    await doubleAll(rig);
    expect(await running).toBe("10 turns");
    await rig.stop();
    await waiting;
  });

  it("keeps looking while the database is away, and says so once", async () => {
    const rig = open(5);
    let failures = 3;
    rig.queue.before = (statement) => {
      if (statement === "read" && failures-- > 0) throw unavailable;
    };
    const running = rig.tasks.run(Double, "5");
    await doubleAll(rig);
    expect(await running).toBe("10 turns");
    expect(rig.log.lines).toEqual([
      "WARNING Tasks that are waited for cannot be looked up: The database cannot be reached.",
    ]);
  });

  it.each([
    ["TASK_REJECTED", "TASK_REJECTED"],
    ["TASK_LOST", "TASK_LOST"],
    ["DATA_INVALID", "DATA_INVALID"],
    ["STORAGE_CONFLICT", "TASK_FAILED"],
    ["TASK_OF_A_NEWER_VERSION", "TASK_FAILED"],
  ])("fails with what the task has failed with: %s as %s", async (code, expected) => {
    const rig = open();
    const running = rejection(rig.tasks.run(Double, "5"));
    const [taken] = await takeWoken(rig, doubles);
    rig.caller.hear([{ kind: "failed", id: taken?.id ?? "", error: { code, message: "There is no such pump" } }]);
    expect(await running).toMatchObject({
      code: expected,
      message: "There is no such pump",
      fields: { task: Double.name, id: taken?.id },
    });
  });

  it("fails when the output does not fit, of a worker of another version", async () => {
    const rig = open();
    for (const [output, what] of [
      [encode("ten"), " does not fit its schema"],
      ["{", " cannot be read: "],
    ] as const) {
      const running = rejection(rig.tasks.run(Double, "5"));
      const [taken] = await takeWoken(rig, doubles);
      rig.caller.hear([{ kind: "done", id: taken?.id ?? "", output }]);
      const error = await running;
      expect(error).toMatchObject({ code: "TASK_OUTPUT_INVALID", fields: { task: Double.name, path: "$" } });
      expect(error.message).toContain(`The output of ${Double.name}${what}`);
    }
  });

  it("tells how far the task is, in the caller's context; whatever the plugin does with it, the task goes on", async () => {
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
    const [taken] = await takeWoken(rig, doubles);
    const id = taken?.id ?? "";
    const progress = (value: string) => ({ kind: "progress", id, value }) as const;
    rig.caller.hear([progress(encode(1n)), progress("{"), progress(encode("half"))]);
    rig.caller.hear([{ kind: "done", id, output: encode(10) }, progress(encode("too late"))]);
    expect(await running).toBe("10 turns");
    expect(seen).toEqual([1n, "of the caller", "half", "of the caller"]);
    expect(rig.log.lines.filter((line) => line.startsWith("WARNING"))).toEqual([
      `WARNING The onProgress of a task ${Double.name} threw an error: no`,
      `WARNING The onProgress of a task ${Double.name} threw an error: nor later`,
    ]);
  });

  it("gives up at its deadline: the task is taken back, the workers are told, and it is said how far it was", async () => {
    const rig = open();
    const { tasks, queue, signals } = rig;
    const waiting = await rejection(tasks.run(Double, "1", { deadlineMs: 1 }));
    const [id] = queue.rows.keys();
    expect(waiting).toMatchObject({
      code: "TASK_DEADLINE_EXCEEDED",
      fields: { task: Double.name, id, deadlineMs: 1, state: "waiting", attempts: 0 },
    });
    expect(waiting.message).toBe(
      `The task ${Double.name} (${id}) was not done within 1 ms: no worker had begun it. It was taken back.`,
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
      "it was waiting to be tried again, after it had failed once, the last time with TASK_FAILED: no. It",
    ],
  ] as const)("says at its deadline of a task that is %s, at try %d, failed %d: %s", async (...row) => {
    const [state, attempts, failures, message, told] = row;
    const { tasks, queue } = open();
    queue.before = (statement, id = "") => {
      if (statement !== "read") return;
      Object.assign(queue.rows.get(id) ?? {}, { state, attempts, failures });
      if (message !== undefined) Object.assign(queue.rows.get(id) ?? {}, { error: { code: "TASK_FAILED", message } });
    };
    expect((await rejection(tasks.run(Double, "1", { deadlineMs: 1 }))).message).toContain(told);
  });

  it("gives the output that there is at the last moment", async () => {
    const { tasks, queue, signals } = open();
    queue.before = async (statement, id = "") => {
      if (statement !== "cancel") return;
      Object.assign(queue.rows.get(id) ?? {}, { state: "done", output: encode(4) });
    };
    expect(await tasks.run(Double, "2", { deadlineMs: 1 })).toBe("4 turns");
    expect(signals.cancelledIds).toEqual([]);
  });

  it("gives up at its deadline also when the database does not answer; what it queues after that is taken back", async () => {
    const { tasks, queue, signals } = open();
    const { promise, resolve } = Promise.withResolvers<void>();
    queue.before = (statement) => (statement === "insert" ? promise : undefined);
    const error = await rejection(tasks.run(Double, "1", { deadlineMs: 1 }));
    expect(error.message).toContain("how far it is is not known, since the database has not answered in time");
    resolve();
    await signals.until(() => signals.cancelledIds.length > 0);
    expect([...queue.rows.values()].map(({ state }) => state)).toEqual(["cancelled"]);
  });

  it("gives up when its signal fires, with its reason, and takes the task back", async () => {
    const { tasks, queue, signals } = open();
    const controller = new AbortController();
    const reason = new Error("The user has left");
    const running = expect(tasks.run(Double, "1", { signal: controller.signal })).rejects.toBe(reason);
    await signals.until(() => signals.woken.length > 0);
    const other = rejection(tasks.wait(Double, [...queue.rows.keys()][0] ?? ""));
    controller.abort(reason);
    await running;
    expect(await other).toMatchObject({ code: "TASK_CANCELLED" });
    expect(signals.cancelledIds).toEqual([...queue.rows.keys()]);
    await expect(tasks.run(Double, "1", { signal: controller.signal })).rejects.toBe(reason);
    expect(queue.rows.size).toBe(1);
  });

  it("ends with its plugin, and so does the task", async () => {
    const { tasks, queue, signals, stop } = open();
    const running = rejection(tasks.run(Double, "1"));
    await signals.until(() => signals.woken.length > 0);
    await stop();
    expect(signals.cancelledIds).toEqual([...queue.rows.keys()]);
    const error = await running;
    expect(error).toMatchObject({ code: "TASK_CANCELLED", fields: { plugin } });
    expect(error.message).toContain(`was taken back: ${plugin} was stopped while it waited for it.`);
  });

  it("ends when it was cancelled, or dropped", async () => {
    // Nobody looks here: who has taken it back says so.
    const unseen = open();
    const running = rejection(unseen.tasks.run(Double, "1"));
    const [taken] = await takeWoken(unseen, doubles);
    expect(await unseen.tasks.cancel(Double, taken?.id ?? "")).toBe(true);
    expect(await running).toMatchObject({ code: "TASK_CANCELLED" });
    const rig = open(5);
    const dropped = rejection(rig.tasks.run(Double, "1"));
    await takeWoken(rig, doubles);
    rig.queue.rows.clear();
    expect(await dropped).toMatchObject({ code: "TASK_NOT_FOUND" });
  });

  it("leaves nothing behind, 10,000 at a time, and looks up a part of them at a time", async () => {
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
  it("gives the output of a task that was done, is being done, or was queued by another process", async () => {
    const rig = open(5);
    const { tasks, caller } = rig;
    const id = await tasks.enqueue(Double, "5");
    const both = [tasks.wait(Double, id), tasks.wait(Double, id)];
    caller.hear(await doubleAll(rig));
    expect(await Promise.all(both)).toEqual(["10 turns", "10 turns"]);
    expect(await tasks.wait(Double, id)).toBe("10 turns");
    const other = await tasks.enqueue(Double, "6");
    const unheard = tasks.wait(Double, other);
    await doubleAll(rig);
    expect(await unheard).toBe("12 turns");
    expect(caller.waiting).toBe(0);
  });

  it("looks soon and often for a task of which another process is told", async () => {
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

  it("fails for a task that is not there, or of another type", async () => {
    const { tasks } = open();
    const id = await tasks.enqueue(Sweep, {});
    expect((await rejection(tasks.wait(Double, "123"))).message).toBe(
      `${Double.name} cannot be waited for: "123" is no id of a task. Give what enqueue() has returned.`,
    );
    for (const none of [tasks.wait(Double, id), tasks.wait(Double, "5"), tasks.wait(Double, id.replace(/.$/, "x"))]) {
      expect(await rejection(none)).toMatchObject({ code: "TASK_NOT_FOUND", fields: { task: Double.name } });
    }
  });

  it("cancels nothing when it gives up", async () => {
    const { tasks, queue, signals, stop } = open();
    const id = await tasks.enqueue(Double, "5");
    const late = await rejection(tasks.wait(Double, id, { deadlineMs: 1 }));
    expect(late.message).toContain("was not done within 1 ms: no worker had begun it. It goes on.");
    const controller = new AbortController();
    const aborted = expect(tasks.wait(Double, id, { signal: controller.signal })).rejects.toBe("enough");
    controller.abort("enough");
    await aborted;
    const stopped = rejection(tasks.wait(Double, id));
    await stop();
    expect(await stopped).toMatchObject({ code: "PLUGIN_RELEASED", fields: { task: Double.name, id } });
    expect([queue.rows.get(id)?.state, signals.cancelledIds]).toEqual(["waiting", []]);
  });

  it("fails with the database", async () => {
    const { tasks, queue } = open();
    const id = await tasks.enqueue(Double, "5");
    queue.before = () => {
      throw unavailable;
    };
    expect(await rejection(tasks.wait(Double, id))).toBe(unavailable);
  });
});

describe("find() and cancel()", () => {
  it("know the tasks of their type only", async () => {
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
    expect((await rejection(tasks.find(Double, {} as { id: string }))).message).toContain('such as { key: "pump 5" }');
  });

  it("leave out an output that does not fit any more, and say so", async () => {
    const { tasks, queue } = open();
    const id = await tasks.enqueue(Double, "5");
    Object.assign(queue.rows.get(id) ?? {}, { state: "done", output: encode("ten") });
    const [found] = await tasks.find(Double, { id });
    expect(found).toMatchObject({ state: "done", error: { code: "TASK_OUTPUT_INVALID" } });
    expect(found).not.toHaveProperty("output");
  });
});

describe("a service that ends", () => {
  it("ends all waits, and leaves nothing under way", async () => {
    const rig = open();
    const { tasks, caller, signals } = rig;
    const id = await tasks.enqueue(Double, "5");
    const ended = [rejection(tasks.run(Double, "5")), rejection(tasks.wait(Double, id))];
    await signals.until(() => signals.woken.length > 1);
    await caller[Symbol.asyncDispose]();
    expect((await Promise.all(ended)).map(({ code }) => code)).toEqual(["TASK_CANCELLED", "PLUGIN_RELEASED"]);
    expect(caller.waiting).toBe(0);
  });
});
