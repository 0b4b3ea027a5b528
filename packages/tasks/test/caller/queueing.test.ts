import { PeekError } from "@peek/errors";
import type { TaskEnqueueOptions } from "@peek/plugin-base";
import { defineTask, encode } from "@peek/plugin-base/contracts";
import { afterCommit, type AfterCommit } from "@peek/plugin-base/internal";
import {
  CamelCasePlugin,
  type CompiledQuery,
  type DatabaseConnection,
  DummyDriver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
} from "kysely";
import { describe, expect, it, onTestFinished } from "vitest";
import { z } from "zod";
import { caught } from "@peek/kit/testing";
import { Double, openRig, plugin, Sweep } from "./rig.ts";
import { FakeTaskQueue } from "./FakeTaskQueue.ts";

function open() {
  const rig = openRig(new FakeTaskQueue());
  onTestFinished(() => rig[Symbol.asyncDispose]());
  return rig;
}

describe("a task that is queued", () => {
  it("has its input untransformed, with the options of its type and of the call, and the workers are woken", async () => {
    const { tasks, queue, signals } = open();
    const id = await tasks.enqueue(Double, "5", { priority: 7, key: "north", retry: { tries: 9 } });
    expect(queue.rows.get(id)?.request).toStrictEqual({
      id,
      input: encode("5"),
      priority: 7,
      key: "north",
      retry: { tries: 9, delayMs: 0, maxDelayMs: 60_000 },
      deadlineMs: 60_000,
      origin: signals.self,
    });
    expect(queue.rows.get(id)?.queue).toEqual({ task: Double.name, version: 1, kind: "keyed" });
    expect(signals.woken).toEqual([`${Double.name}.1/keyed`]);
  });

  it("that starts later is queued without waking the workers", async () => {
    const { tasks, queue, signals } = open();
    const at = new Date(Date.now() + 3_600_000);
    const ids = await Promise.all([
      tasks.enqueue(Sweep, {}, { startAfter: at }),
      tasks.enqueue(Sweep, {}, { startAfter: 3_600_000 }),
    ]);
    expect(ids.map((id) => queue.rows.get(id)?.request.startAfter)).toEqual([at.toISOString(), 3_600_000]);
    expect(signals.woken).toEqual([]);
    await tasks.enqueue(Sweep, {}, { startAfter: new Date(Date.now() + 3649 * 86_400_000) });
    expect(signals.woken).toEqual([]);
    await tasks.enqueue(Sweep, {}, { startAfter: new Date("0001-01-01T00:00:00Z") });
    expect(signals.woken).toEqual([`${Sweep.name}.1`]);
  });

  it("with a singleton key that a waiting task has returns the id of that task", async () => {
    const { tasks } = open();
    const [first, second, other] = await Promise.all(
      ["a", "a", "b"].map((singletonKey) => tasks.enqueue(Sweep, {}, { singletonKey })),
    );
    expect(second).toBe(first);
    expect(other).not.toBe(first);
    expect(await tasks.find(Sweep, { singletonKey: "a" })).toMatchObject([{ id: first, state: "waiting" }]);
  });

  it("is inserted with up to 10,000 others by one statement, in the order of the inputs", async () => {
    const { tasks, queue } = open();
    const inputs = Array.from({ length: 10_000 }, (_, index) => String(index));
    const ids = await tasks.enqueueAll(Double, inputs, { key: "north" });
    expect(ids.map((id) => queue.rows.get(id)?.input)).toEqual(inputs.map((input) => encode(input)));
    expect(ids).toEqual(ids.toSorted());
    expect(queue.inserts.length).toBe(1);
    expect(await tasks.enqueueAll(Double, [])).toEqual([]);
    expect((await caught(tasks.enqueueAll(Double, [...inputs, "1"]))).message).toContain(
      `10001 inputs cannot be queued at once for ${Double.name}: give a list of up to 10000.`,
    );
  });

  it("shares a statement with the other tasks of the same tick", async () => {
    const { tasks, queue, signals } = open();
    const ids = await Promise.all(["1", "2", "3"].map((input) => tasks.enqueue(Double, input)));
    expect(queue.inserts.map((requests) => requests.map(({ id }) => id))).toEqual([ids]);
    expect(signals.woken.length).toBe(1);
  });

  it("that the database refuses makes the call fail, and no worker is woken", async () => {
    const { tasks, queue, signals } = open();
    queue.before = (statement) => {
      if (statement === "insert") throw new PeekError("STORAGE_UNAVAILABLE", "The database cannot be reached.");
    };
    expect(await caught(tasks.enqueue(Double, "5"))).toMatchObject({ code: "STORAGE_UNAVAILABLE" });
    expect(await caught(tasks.run(Double, "5"))).toMatchObject({ code: "STORAGE_UNAVAILABLE" });
    expect(signals.woken).toEqual([]);
  });
});

describe("the input of a task", () => {
  it("that does not fit the schema is refused, and the error names the task and the path", async () => {
    const { tasks, queue } = open();
    const wrong = { from: "here" } as unknown as { from: number };
    for (const refused of [tasks.run(Sweep, wrong), tasks.enqueue(Sweep, wrong)]) {
      const error = await caught(refused);
      expect(error).toMatchObject({ code: "TASK_INPUT_INVALID", fields: { task: Sweep.name, path: "$.from" } });
      expect(error.message).toContain(`The input of ${Sweep.name} does not match its schema. $.from: expected number`);
    }
    const error = await caught(tasks.enqueueAll(Sweep, [{}, {}, wrong]));
    expect(error).toMatchObject({ code: "TASK_INPUT_INVALID" });
    expect(error.message).toContain(`The input of ${Sweep.name} at $[2] does not match its schema`);
    expect(queue.inserts).toEqual([]);
  });

  it("that is not plain data is refused", async () => {
    const { tasks } = open();
    const Any = defineTask("peek_plugin_pumps.Any", { input: z.unknown() });
    const error = await caught(tasks.enqueue(Any, { deep: [() => 5] }));
    expect(error).toMatchObject({ code: "TASK_INPUT_INVALID", fields: { task: Any.name, path: "$.deep[0]" } });
    expect(error.message).toContain(`The input of ${Any.name} cannot be queued: `);
  });

  it.each(["a\0", "Pizza \ud83c"])("with a text that PostgreSQL cannot store is refused: %j", async (text) => {
    const { tasks, queue } = open();
    const Any = defineTask("peek_plugin_pumps.Any", { input: z.object({ name: z.string() }) });
    const error = await caught(tasks.enqueue(Any, { name: text }));
    expect(error).toMatchObject({ code: "TASK_INPUT_INVALID", fields: { task: Any.name, path: "$.name" } });
    expect(queue.inserts).toEqual([]);
  });

  it("of more than 1 MiB, or of more than 64 MiB in one call, is refused", async () => {
    const { tasks } = open();
    const Text = defineTask("peek_plugin_pumps.Text", { input: z.string() });
    await tasks.enqueue(Text, "x".repeat(1024 * 1024 - 2));
    for (const text of ["x".repeat(1024 * 1024), "ü".repeat(512 * 1024)]) {
      const error = await caught(tasks.enqueue(Text, text));
      expect(error.code).toBe("TASK_INPUT_INVALID");
      expect(error.message).toContain(
        "but the limit is 1048576. Write it to a table of the plugin, and queue the id of its row: every handler can read it by context.storage()",
      );
    }
    const many = Array.from({ length: 65 }, () => "x".repeat(1024 * 1024 - 2));
    expect((await caught(tasks.enqueueAll(Text, many))).message).toContain("up to $[64] exceed the limit");
  });

  it("of a type with an async schema is refused as CONTRACT_INVALID", async () => {
    const { tasks } = open();
    const Late = defineTask("peek_plugin_pumps.Late", { input: z.string().refine(async () => true) });
    expect(await caught(tasks.enqueue(Late, ""))).toMatchObject({ code: "CONTRACT_INVALID" });
  });
});

describe("a plugin may not", () => {
  const foreign = defineTask("peek_plugin_valves.Close", { input: z.int() });

  it.each<[string, unknown, string]>([
    ["a task of another plugin", foreign, 'the task "peek_plugin_valves.Close"'],
    ["a task of a plugin whose name has the same prefix", { ...Double, name: `${plugin}_more.X` }, "the task"],
    ["a number", 5, "5 as a task type"],
    ["undefined", undefined, "undefined as a task type"],
    ["null", null, "null as a task type"],
  ])("queue %s", async (_, task, what) => {
    const { tasks } = open();
    const error = await caught(tasks.enqueue(task as typeof foreign, 5));
    expect(error.code).toBe("CONTRACT_INVALID");
    expect(error.message).toContain(`${plugin} cannot use ${what}`);
  });

  it.each<[string, unknown, string]>([
    [
      "a priority beyond the bounds",
      { priority: 1001 },
      "priority is 1001, but has to be a whole number from -1000 to 1000",
    ],
    ["a priority that is a text", { priority: "1" }, 'priority is "1"'],
    ["an empty key", { key: "" }, 'key is "", but has to be a text of 1 to 200 characters'],
    ["a key with a lone surrogate", { key: "\uD800" }, "but has to be a text of 1 to 200 characters"],
    ["a long key", { key: "x".repeat(201) }, "but has to be a text of 1 to 200 characters"],
    ["a key that PostgreSQL cannot store", { singletonKey: "\0" }, 'singletonKey is "\\u0000"'],
    ["both keys", { key: "a", singletonKey: "b" }, "key and singletonKey cannot be combined"],
    ["a number as retry", { retry: 5 }, "retry is 5, but has to be an object such as { tries: 5"],
    ["zero tries", { retry: { tries: 0 } }, "retry.tries is 0, but has to be a whole number from 1 to 100"],
    [
      "a misspelled option of retry",
      { retry: { limit: 5 } },
      "there is no option retry.limit. The options are tries, delayMs, maxDelayMs",
    ],
    ["an invalid date", { startAfter: new Date(NaN) }, "startAfter is null, but has to be a Date"],
    [
      "a date that PostgreSQL cannot store",
      { startAfter: new Date(8.64e15) },
      'startAfter is "+275760-09-13T00:00:00.000Z", but has to be a Date from the year 1 to ten years from now',
    ],
    ["a date before the year 1", { startAfter: new Date(-8.64e15) }, 'startAfter is "-271821-04-20T00:00:00.000Z"'],
    [
      "a date beyond ten years",
      { startAfter: new Date(Date.now() + 3651 * 86_400_000) },
      "but has to be a Date from the year 1",
    ],
    ["a delay beyond ten years", { startAfter: 3651 * 86_400_000 }, "from 0 to ten years"],
    ["a negative delay", { startAfter: -1 }, "startAfter is -1"],
    [
      "an object that is not a transaction",
      { transaction: {} },
      "transaction is {}, but has to be the transaction that",
    ],
    [
      "the options of run()",
      { deadlineMs: 5 },
      "there is no option deadlineMs. The options are priority, key, retry, tr",
    ],
    ["an unknown option that every object inherits", { toString: 5 }, "there is no option toString"],
    ["options that are a number", 5, "the options are 5, but have to be an object"],
    ["options that are null", null, "the options are null"],
  ])("queue a task with %s", async (_, options, message) => {
    const { tasks, queue } = open();
    const error = await caught(tasks.enqueue(Sweep, {}, options as TaskEnqueueOptions));
    expect(error).toMatchObject({ code: "TASK_OPTIONS_INVALID", fields: { task: Sweep.name } });
    expect(error.message).toContain(`The task ${Sweep.name}: enqueue() failed: `);
    expect(error.message).toContain(message);
    expect(queue.inserts).toEqual([]);
  });

  it.each<[unknown, string]>([
    [{ deadlineMs: 0 }, "deadlineMs is 0, but has to be a whole number from 1 to 2147483647"],
    [{ signal: {} }, "signal is {}, but has to be an AbortSignal"],
    [{ onProgress: "log" }, 'onProgress is "log", but has to be a function'],
    [{ transaction: {} }, "there is no option transaction"],
  ])("run a task with %j", async (options, message) => {
    const { tasks } = open();
    expect((await caught(tasks.run(Sweep, {}, options as object))).message).toContain(message);
  });

  it("queue tasks, wait for them or cancel them after it was stopped", async () => {
    const { tasks, stop } = open();
    const id = await tasks.enqueue(Sweep, {});
    await stop();
    const later = [tasks.enqueue(Sweep, {}), tasks.run(Sweep, {}), tasks.wait(Sweep, id), tasks.cancel(Sweep, id)];
    for (const refused of later) expect(await caught(refused)).toMatchObject({ code: "PLUGIN_RELEASED" });
  });
});

/** A driver that records its queries. */
class RecordingDriver extends DummyDriver {
  readonly given: CompiledQuery[] = [];

  override async acquireConnection(): Promise<DatabaseConnection> {
    return {
      executeQuery: async (query) => {
        this.given.push(query);
        return { rows: [] };
      },
      streamQuery: async function* () {},
    };
  }
}

describe("a task in a transaction", () => {
  it("is inserted by that transaction, and the workers are woken after the commit, not before", async () => {
    const { tasks, queue, signals } = open();
    const driver = new RecordingDriver();
    const db = new Kysely<{ pump: { id: number } }>({
      dialect: {
        createDriver: () => driver,
        createAdapter: () => new PostgresAdapter(),
        createIntrospector: (of) => new PostgresIntrospector(of),
        createQueryCompiler: () => new PostgresQueryCompiler(),
      },
      // The driver gets the original query in spite of plugins and the log.
      plugins: [new CamelCasePlugin()],
      log: () => undefined,
    });
    const ids = await db
      .transaction()
      .execute(async (transaction) => [
        await tasks.enqueue(Sweep, {}, { transaction, key: "north" }),
        ...(await tasks.enqueueAll(Sweep, [{}, {}], { transaction: transaction.withSchema("other") })),
      ]);
    expect(ids).toEqual(ids.toSorted());
    expect(ids).toEqual([...queue.rows.keys()]);
    expect(driver.given).toMatchObject([
      { sql: "select $1", parameters: [`${Sweep.name}.1/keyed`] },
      { sql: "select $1", parameters: [`${Sweep.name}.1`] },
    ]);
    expect(signals.woken).toEqual([]);
    for (const query of driver.given) (query as CompiledQuery & AfterCommit)[afterCommit]();
    expect(signals.woken).toEqual([`${Sweep.name}.1/keyed`, `${Sweep.name}.1`]);
  });

  it("is refused when the object is a database and not a transaction", async () => {
    const { tasks } = open();
    const transaction = { isTransaction: false, executeQuery: async () => ({ rows: [] }) };
    const error = await caught(tasks.enqueue(Sweep, {}, { transaction } as unknown as TaskEnqueueOptions));
    expect(error.message).toContain("the transaction that platform.storage.transaction() hands to its work");
  });
});

describe("a schedule", () => {
  it("replaces the schedule with the same name, also one of an older version of the task", async () => {
    const { tasks, queue } = open();
    const older = defineTask(Double.name, { input: z.string() });
    const newer = defineTask(Double.name, { input: z.string(), version: 2 });
    await tasks.schedule(older, "0 6 * * 1-5", "5");
    await tasks.schedule(older, "0 7 * * *", "5", { name: "late", tz: "Europe/Berlin" });
    await tasks.schedule(newer, " 0  8 * * * ", "5", { key: "north" });
    expect(queue.made).toMatchObject([
      { name: "late", cron: "0 7 * * *", tz: "Europe/Berlin", queue: { version: 1, kind: "plain" } },
      { name: "default", cron: "0  8 * * *", tz: "UTC", queue: { version: 2, kind: "keyed" } },
    ]);
    expect(await tasks.unschedule(older)).toBe(true);
    expect(await tasks.unschedule(older)).toBe(false);
    expect(await tasks.unschedule(newer, "late")).toBe(true);
    expect(queue.made).toEqual([]);
  });

  it.each<[unknown, object, string]>([
    ["0 6 * *", {}, 'cron is "0 6 * *", but has to be a cron expression of five fields, such as "0 6 * * 1-5"'],
    ["0 0 6 * * *", {}, "five fields"],
    [5, {}, "cron is 5"],
    ["0 6 * * *", { tz: "Europe/Berlín" }, 'tz is "Europe/Berlín", but has to be the IANA name of a time zone'],
    ["0 6 * * *", { tz: "+01:00" }, "IANA"],
    ["0 6 * * *", { name: "at six" }, 'name is "at six", but has to be a text of 1 to 100 letters, digits'],
  ])("with an invalid expression or option is refused: %j %j", async (cron, options, message) => {
    const { tasks } = open();
    const error = await caught(tasks.schedule(Sweep, cron as string, {}, options));
    expect(error.code).toBe("TASK_OPTIONS_INVALID");
    expect(error.message).toContain(message);
  });

  it("is refused when the queue cannot parse its expression", async () => {
    const { tasks, queue } = open();
    queue.before = (statement) => {
      if (statement === "schedule") throw new Error("Constraint error, got value 99 expected range 0-59");
    };
    const error = await caught(tasks.schedule(Sweep, "99 * * * *", {}));
    expect(error.code).toBe("TASK_OPTIONS_INVALID");
    expect(error.message).toContain("expected range 0-59.");
  });
});
