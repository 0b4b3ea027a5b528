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
import { Double, openRig, plugin, rejection, Sweep } from "./rig.ts";
import { TableQueue } from "./TableQueue.ts";

function open() {
  const rig = openRig(new TableQueue());
  onTestFinished(() => rig[Symbol.asyncDispose]());
  return rig;
}

describe("a task that is queued", () => {
  it("has its input as it was given, with what its type and the call say of it, and the workers are woken", async () => {
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

  it("is queued for its time, and wakes nobody before", async () => {
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

  it("is the one that is there, where it is to be the only one", async () => {
    const { tasks } = open();
    const [first, second, other] = await Promise.all(
      ["a", "a", "b"].map((singletonKey) => tasks.enqueue(Sweep, {}, { singletonKey })),
    );
    expect(second).toBe(first);
    expect(other).not.toBe(first);
    expect(await tasks.find(Sweep, { singletonKey: "a" })).toMatchObject([{ id: first, state: "waiting" }]);
  });

  it("is one of many in the order in which they were given, all in one statement", async () => {
    const { tasks, queue } = open();
    const inputs = Array.from({ length: 10_000 }, (_, index) => String(index));
    const ids = await tasks.enqueueAll(Double, inputs, { key: "north" });
    expect(ids.map((id) => queue.rows.get(id)?.input)).toEqual(inputs.map((input) => encode(input)));
    expect(ids).toEqual(ids.toSorted());
    expect(queue.inserts.length).toBe(1);
    expect(await tasks.enqueueAll(Double, [])).toEqual([]);
    expect((await rejection(tasks.enqueueAll(Double, [...inputs, "1"]))).message).toContain(
      `10001 inputs cannot be queued at once for ${Double.name}: give a list of up to 10000.`,
    );
  });

  it("shares a statement with others of the same turn", async () => {
    const { tasks, queue, signals } = open();
    const ids = await Promise.all(["1", "2", "3"].map((input) => tasks.enqueue(Double, input)));
    expect(queue.inserts.map((requests) => requests.map(({ id }) => id))).toEqual([ids]);
    expect(signals.woken.length).toBe(1);
  });

  it("is not queued when the database refuses it, and the caller is told", async () => {
    const { tasks, queue, signals } = open();
    queue.before = (statement) => {
      if (statement === "insert") throw new PeekError("STORAGE_UNAVAILABLE", "The database cannot be reached.");
    };
    expect(await rejection(tasks.enqueue(Double, "5"))).toMatchObject({ code: "STORAGE_UNAVAILABLE" });
    expect(await rejection(tasks.run(Double, "5"))).toMatchObject({ code: "STORAGE_UNAVAILABLE" });
    expect(signals.woken).toEqual([]);
  });
});

describe("the input of a task", () => {
  it("is refused where it does not fit, with the task and the path", async () => {
    const { tasks, queue } = open();
    const wrong = { from: "here" } as unknown as { from: number };
    for (const refused of [tasks.run(Sweep, wrong), tasks.enqueue(Sweep, wrong)]) {
      const error = await rejection(refused);
      expect(error).toMatchObject({ code: "TASK_INPUT_INVALID", fields: { task: Sweep.name, path: "$.from" } });
      expect(error.message).toContain(`The input of ${Sweep.name} does not fit its schema. $.from: expected number`);
    }
    const error = await rejection(tasks.enqueueAll(Sweep, [{}, {}, wrong]));
    expect(error).toMatchObject({ code: "TASK_INPUT_INVALID" });
    expect(error.message).toContain(`The input of ${Sweep.name} at $[2] does not fit its schema`);
    expect(queue.inserts).toEqual([]);
  });

  it("is plain data", async () => {
    const { tasks } = open();
    const Any = defineTask("peek_plugin_pumps.Any", { input: z.unknown() });
    const error = await rejection(tasks.enqueue(Any, { deep: [() => 5] }));
    expect(error).toMatchObject({ code: "TASK_INPUT_INVALID", fields: { task: Any.name, path: "$.deep[0]" } });
    expect(error.message).toContain(`The input of ${Any.name} cannot be queued: `);
  });

  it.each(["a\0", "Pizza \ud83c"])("is refused with a text that no database has: %j", async (text) => {
    const { tasks, queue } = open();
    const Any = defineTask("peek_plugin_pumps.Any", { input: z.object({ name: z.string() }) });
    const error = await rejection(tasks.enqueue(Any, { name: text }));
    expect(error).toMatchObject({ code: "TASK_INPUT_INVALID", fields: { task: Any.name, path: "$.name" } });
    expect(queue.inserts).toEqual([]);
  });

  it("has at most 1 MiB, as it is kept", async () => {
    const { tasks } = open();
    const Text = defineTask("peek_plugin_pumps.Text", { input: z.string() });
    await tasks.enqueue(Text, "x".repeat(1024 * 1024 - 2));
    for (const text of ["x".repeat(1024 * 1024), "ü".repeat(512 * 1024)]) {
      const error = await rejection(tasks.enqueue(Text, text));
      expect(error.code).toBe("TASK_INPUT_INVALID");
      expect(error.message).toContain(
        "more than the 1048576 that are queued. Write it to a table of the plugin, and queue the id of its row: the handler reads it by context.storage()",
      );
    }
    const many = Array.from({ length: 65 }, () => "x".repeat(1024 * 1024 - 2));
    expect((await rejection(tasks.enqueueAll(Text, many))).message).toContain("as far as $[64]");
  });

  it("fails by the name of the contract when its schema cannot be used", async () => {
    const { tasks } = open();
    const Late = defineTask("peek_plugin_pumps.Late", { input: z.string().refine(async () => true) });
    expect(await rejection(tasks.enqueue(Late, ""))).toMatchObject({ code: "CONTRACT_INVALID" });
  });
});

describe("what a plugin may not do with tasks", () => {
  const foreign = defineTask("peek_plugin_valves.Close", { input: z.int() });

  it.each<[string, unknown, string]>([
    ["those of another plugin", foreign, 'the task "peek_plugin_valves.Close"'],
    ["those of a plugin whose name begins alike", { ...Double, name: `${plugin}_more.X` }, "the task"],
    ["what is none", 5, "5 as a task"],
    ["nothing", undefined, "undefined as a task"],
    ["null", null, "null as a task"],
  ])("is to use %s", async (_, task, what) => {
    const { tasks } = open();
    const error = await rejection(tasks.enqueue(task as typeof foreign, 5));
    expect(error.code).toBe("CONTRACT_INVALID");
    expect(error.message).toContain(`${plugin} cannot use ${what}`);
  });

  it.each<[string, unknown, string]>([
    [
      "a priority beyond the bounds",
      { priority: 1001 },
      "its priority is 1001. It is a whole number from -1000 to 1000",
    ],
    ["a priority that is a text", { priority: "1" }, 'its priority is "1"'],
    ["an empty key", { key: "" }, 'its key is "". It is a text of 1 to 200 letters'],
    ["a key with half a character", { key: "\uD800" }, "It is a text of 1 to 200 letters"],
    ["a long key", { key: "x".repeat(201) }, "It is a text of 1 to 200 letters"],
    ["a key that no database has", { singletonKey: "\0" }, 'its singletonKey is "\\u0000"'],
    ["both keys", { key: "a", singletonKey: "b" }, "key and singletonKey are not given together"],
    ["a number of tries", { retry: 5 }, "its retry is 5. It is an object such as { tries: 5"],
    ["no tries", { retry: { tries: 0 } }, "its retry.tries is 0. It is a whole number from 1 to 100"],
    [
      "a misspelt retry",
      { retry: { limit: 5 } },
      "it has no option retry.limit. Its options are tries, delayMs, maxDelayMs",
    ],
    ["no date", { startAfter: new Date(NaN) }, "its startAfter is null. It is a Date"],
    [
      "a date that no database has",
      { startAfter: new Date(8.64e15) },
      'its startAfter is "+275760-09-13T00:00:00.000Z". It is a Date from the year 1 on and up to ten years from now',
    ],
    ["a date before all", { startAfter: new Date(-8.64e15) }, 'its startAfter is "-271821-04-20T00:00:00.000Z"'],
    [
      "a date beyond ten years",
      { startAfter: new Date(Date.now() + 3651 * 86_400_000) },
      "It is a Date from the year 1",
    ],
    ["a delay beyond ten years", { startAfter: 3651 * 86_400_000 }, "from 0 to ten years"],
    ["a time that is past", { startAfter: -1 }, "its startAfter is -1"],
    ["a transaction that is none", { transaction: {} }, "its transaction is {}. It is the transaction that"],
    [
      "the options of run()",
      { deadlineMs: 5 },
      "it has no option deadlineMs. Its options are priority, key, retry, tr",
    ],
    ["an option that every object has", { toString: 5 }, "it has no option toString"],
    ["no object", 5, "its options are 5. They are an object"],
    ["null", null, "its options are null"],
  ])("is to queue one with %s", async (_, options, message) => {
    const { tasks, queue } = open();
    const error = await rejection(tasks.enqueue(Sweep, {}, options as TaskEnqueueOptions));
    expect(error).toMatchObject({ code: "TASK_OPTIONS_INVALID", fields: { task: Sweep.name } });
    expect(error.message).toContain(`The task ${Sweep.name}: enqueue() cannot be done: `);
    expect(error.message).toContain(message);
    expect(queue.inserts).toEqual([]);
  });

  it.each<[unknown, string]>([
    [{ deadlineMs: 0 }, "its deadlineMs is 0. It is a whole number from 1 to 2147483647"],
    [{ signal: {} }, "its signal is {}. It is an AbortSignal"],
    [{ onProgress: "log" }, 'its onProgress is "log". It is a function'],
    [{ transaction: {} }, "it has no option transaction"],
  ])("is to wait with %j", async (options, message) => {
    const { tasks } = open();
    expect((await rejection(tasks.run(Sweep, {}, options as object))).message).toContain(message);
  });

  it("is to queue any, or wait for them, once it was stopped", async () => {
    const { tasks, stop } = open();
    const id = await tasks.enqueue(Sweep, {});
    await stop();
    const later = [tasks.enqueue(Sweep, {}), tasks.run(Sweep, {}), tasks.wait(Sweep, id), tasks.cancel(Sweep, id)];
    for (const refused of later) expect(await rejection(refused)).toMatchObject({ code: "PLUGIN_RELEASED" });
  });
});

/** A driver that keeps what it is given. */
class KeepingDriver extends DummyDriver {
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
  it("goes through it, and the workers are woken when the driver has committed it, not before", async () => {
    const { tasks, queue, signals } = open();
    const driver = new KeepingDriver();
    const db = new Kysely<{ pump: { id: number } }>({
      dialect: {
        createDriver: () => driver,
        createAdapter: () => new PostgresAdapter(),
        createIntrospector: (of) => new PostgresIntrospector(of),
        createQueryCompiler: () => new PostgresQueryCompiler(),
      },
      // Neither plugins nor the log keep the driver from the very query.
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

  it("is not taken out of a database, which is no transaction", async () => {
    const { tasks } = open();
    const transaction = { isTransaction: false, executeQuery: async () => ({ rows: [] }) };
    const error = await rejection(tasks.enqueue(Sweep, {}, { transaction } as unknown as TaskEnqueueOptions));
    expect(error.message).toContain("the transaction that platform.storage.transaction() hands to its work");
  });
});

describe("a schedule", () => {
  it("replaces the one with its name, also that of an older version", async () => {
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
    ["0 6 * *", {}, 'its cron is "0 6 * *". It is a cron expression of five fields, such as "0 6 * * 1-5"'],
    ["0 0 6 * * *", {}, "five fields"],
    [5, {}, "its cron is 5"],
    ["0 6 * * *", { tz: "Europe/Berlín" }, 'its tz is "Europe/Berlín". It is the IANA name of a time zone'],
    ["0 6 * * *", { tz: "+01:00" }, "IANA"],
    ["0 6 * * *", { name: "at six" }, 'its name is "at six". It is a text of 1 to 100 letters, digits'],
  ])("is refused: %j %j", async (cron, options, message) => {
    const { tasks } = open();
    const error = await rejection(tasks.schedule(Sweep, cron as string, {}, options));
    expect(error.code).toBe("TASK_OPTIONS_INVALID");
    expect(error.message).toContain(message);
  });

  it("is refused when the queue cannot read its expression", async () => {
    const { tasks, queue } = open();
    queue.before = (statement) => {
      if (statement === "schedule") throw new Error("Constraint error, got value 99 expected range 0-59");
    };
    const error = await rejection(tasks.schedule(Sweep, "99 * * * *", {}));
    expect(error.code).toBe("TASK_OPTIONS_INVALID");
    expect(error.message).toContain("expected range 0-59.");
  });
});
