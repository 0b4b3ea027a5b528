import { serviceConfigSchema } from "@peek/config";
import { afterEach, beforeEach, expect, it } from "vitest";
import { copyDatabase, type CopyReport } from "../src/copy/index.ts";
import { enter, openStorage, pluginOf, signal, TestLog } from "./support.ts";
import { openTestDatabase, type TestDatabase } from "./testing.ts";

const plugin = "peek_plugin_pump";

let from: TestDatabase;
let to: TestDatabase;
let stack: AsyncDisposableStack;

beforeEach(async () => {
  stack = new AsyncDisposableStack();
  from = stack.use(await openTestDatabase());
  to = stack.use(await openTestDatabase());
  await using storage = await openStorage(from, { plugins: [plugin] });
  await using _entered = enter(storage, plugin);
  // The part of pg-boss's table that copying reads.
  await from.query(`
    CREATE SCHEMA peek_tasks;
    CREATE TYPE peek_tasks.job_state AS ENUM ('created', 'retry', 'active', 'completed', 'cancelled', 'failed');
    CREATE TABLE peek_tasks.job (name text, state peek_tasks.job_state);
    INSERT INTO peek_tasks.job VALUES ('peek_plugin_pump.Look.1', 'completed'), ('__pgboss__send-it', 'created');
  `);
});

afterEach(() => stack.disposeAsync());

async function copy(without: readonly string[] = []): Promise<CopyReport> {
  await using source = await openStorage(from, { plugins: [plugin] });
  const config = serviceConfigSchema.parse({ storage: { connectUrl: to.connectUrl, retrySeconds: 0 } }).storage;
  const target = {
    ...({ title: "peek storage copy", config, embeddedDir: "", embedded: "find", signal } as const),
    plugins: [pluginOf(plugin)],
    getLogger: () => new TestLog(),
  };
  return await copyDatabase({ source, target, without, onTable: () => undefined });
}

it("A copy is rejected when unfinished or failed tasks would be lost, unless they are left behind", async () => {
  await from.query(
    "INSERT INTO peek_tasks.job VALUES ('peek_plugin_pump.Look.1', 'retry'), ('peek_plugin_pump.Look.1', 'failed')",
  );
  await expect(copy()).rejects.toMatchObject({
    code: "STORAGE_COPY_REFUSED",
    message: expect.stringMatching(/1 unfinished and 1 failed tasks.*--without peek_tasks/),
  });
  await expect(copy(["peek_tasks"])).resolves.toMatchObject({ plugins: [plugin] });
});

it("A copy succeeds when all tasks are finished", async () => {
  await expect(copy()).resolves.toMatchObject({ plugins: [plugin] });
});
