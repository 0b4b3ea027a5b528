import { serviceConfigSchema } from "@peek/config";
import { encode } from "@peek/plugin-base/contracts";
import { Storage } from "@peek/storage";
import { threadStorageUrl } from "@peek/storage/thread";
import { PgBossTaskQueue, queueOf, type TaskQueue } from "@peek/tasks";
import { TaskWorker } from "@peek/tasks/worker";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import stuck from "./heavyTasks/stuck.ts";
import totals from "./heavyTasks/totals.ts";
import { Stuck, Totals } from "./heavyTasks/Work.ts";
import { logger } from "./silentLogger.ts";
import { openTestDatabase, type TestDatabase } from "./testing.ts";

const plugin = "peek_plugin_pump";
const held = new AsyncDisposableStack();

let database: TestDatabase;
let queue: TaskQueue;
let worker: TaskWorker;
/** The progress that the tasks have reported. */
const told: string[] = [];
let made = 0;

beforeAll(async () => {
  database = held.use(await openTestDatabase());
  const config = serviceConfigSchema.parse({ storage: { connectUrl: database.connectUrl } });
  const { signal } = new AbortController();
  const storage = held.use(
    await Storage.open({
      ...{
        title: "peek worker",
        config: config.storage,
        embeddedDir: "",
        embedded: "find",
        migrations: "apply",
        signal,
      },
      plugins: [{ name: plugin, version: "1.0.0", migrationsDir: undefined }],
      getLogger: () => logger,
    }),
  );
  const { storage: own, connections } = storage.openPluginStorage(plugin);
  held.use(connections);
  const tasks = held.use(storage.openTaskDatabase());
  const keeping = { keepResultsHours: 1, keepDeadLettersDays: 1, lostAfterSeconds: 30 };
  queue = held.use(await PgBossTaskQueue.open({ database: tasks, role: "owner", ...keeping, logger, signal }));
  worker = held.use(
    new TaskWorker({
      queue,
      ...{ threads: 2, lightConcurrency: 2, pollMs: 50, stopMs: 3000, logger },
      signals: {
        self: { service: "worker", instance: "worker-1" },
        wake: () => undefined,
        cancelled: () => undefined,
        notify: (_to, news) => told.push(...news.map((each) => JSON.stringify(each))),
      },
      storageOf: async () => ({
        own,
        module: threadStorageUrl,
        reserve: (giveUp) => storage.reserveForThread(plugin, giveUp),
      }),
    }),
  );
  held.use(await worker.handle(totals));
  held.use(await worker.handle(stuck));
  const role = String((await database.query("SELECT role FROM peek_platform.plugin"))[0]?.["role"]);
  await database.query(`
    CREATE TABLE pl_pump.reading (id int PRIMARY KEY, value int NOT NULL);
    CREATE TABLE pl_pump.total (id int PRIMARY KEY, value bigint NOT NULL);
    INSERT INTO pl_pump.reading SELECT n, n % 10 FROM generate_series(1, 100000) AS n;
    ALTER TABLE pl_pump.reading OWNER TO "${role}"; ALTER TABLE pl_pump.total OWNER TO "${role}"`);
});

afterAll(() => held.disposeAsync());

beforeEach(async () => {
  await database.query("TRUNCATE pl_pump.total");
  told.length = 0;
});

async function push(task: typeof Totals | typeof Stuck, input: unknown): Promise<string> {
  made += 1;
  const id = `019aa000-0000-7000-8000-${String(made).padStart(12, "0")}`;
  const into = queueOf(task, "plain");
  await queue.ensure(into);
  const { retry, deadlineMs } = task;
  const origin = { service: "logic", instance: "logic-1" } as const;
  await queue.insert(into, [
    { id, input: encode(input), priority: 0, retry: { ...retry, tries: 1 }, deadlineMs, origin },
  ]);
  return id;
}

const isOver = async (id: string): Promise<boolean> => {
  const state = (await queue.read(id))?.state;
  return state !== "waiting" && state !== "running";
};

const threads =
  "SELECT count(*)::int AS count FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'peek worker thread peek_plugin_pump'";
const connections = async (): Promise<unknown> => (await database.query(threads))[0]?.["count"];
const written = async (): Promise<unknown> =>
  (await database.query("SELECT count(*)::int AS count FROM pl_pump.total"))[0]?.["count"];

describe("a heavy task", () => {
  it("reads and writes a hundred thousand rows on a separate connection with the plugin's role", async () => {
    const id = await push(Totals, { pageSize: 5000 });
    await expect.poll(() => isOver(id)).toBe(true);
    const task = await queue.read(id);
    expect(task).toMatchObject({ state: "done" });
    const role = (await database.query("SELECT role FROM peek_platform.plugin"))[0]?.["role"];
    expect(JSON.parse(task?.output ?? "")).toEqual({ rows: 100_000, sum: 450_000, user: role });
    expect(await database.query("SELECT max(value)::int AS sum, count(*)::int AS rows FROM pl_pump.total")).toEqual([
      { sum: 450_000, rows: 100_000 },
    ]);
    await expect.poll(connections).toBe(0);
  });

  it.each([
    ["waits", "TASK_TIMED_OUT"],
    ["spins", "TASK_TIMED_OUT"],
  ])("whose thread is ended within a transaction because it %s leaves no changes", async (how, code) => {
    const id = await push(Stuck, { how });
    await expect.poll(() => told.length).toBeGreaterThan(0);
    expect(await connections()).toBe(1);
    await expect.poll(() => isOver(id)).toBe(true);
    expect(await queue.read(id)).toMatchObject({ state: "failed", error: { code } });
    await expect.poll(connections).toBe(0);
    expect(await written()).toBe(0);
  });

  it.each(["leaves", "waits"])(
    "that is cancelled in the middle of a transaction, and %s, leaves nothing",
    async (how) => {
      const id = await push(Stuck, { how });
      await expect.poll(() => told.length).toBeGreaterThan(0);
      worker.cancelled(id);
      await expect.poll(connections).toBe(0);
      expect(await written()).toBe(0);
      await queue.cancel(queueOf(Stuck, "plain"), id);
    },
  );

  it("that does not await its writes fails", async () => {
    const id = await push(Stuck, { how: "forgets" });
    await expect.poll(() => isOver(id)).toBe(true);
    expect(await queue.read(id)).toMatchObject({
      state: "failed",
      error: { message: expect.stringContaining("still in use") },
    });
    await expect.poll(connections).toBe(0);
    expect(await written()).toBe(0);
  });
});
