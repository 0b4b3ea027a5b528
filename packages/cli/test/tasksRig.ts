import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServiceHome, serviceConfigSchema, serviceHome } from "@peek/config";
import { encode } from "@peek/plugin-base/contracts";
import { Storage } from "@peek/storage";
import { PgBossTaskQueue, type QueueName, type TaskQueue, type TaskRequest } from "@peek/tasks";
import { expect, onTestFinished, vi } from "vitest";
import { commandLogger } from "../src/commandLogger.ts";
import { type Answer, peek } from "./peek.ts";
import type { TestDatabase } from "./testing.ts";

/** Runs `peek tasks` on what PEEK_HOME is. */
export function tasks(...args: readonly string[]): Promise<Answer> {
  return peek("tasks", ...args);
}

/** Makes the home of logic, for whom the database is the one of storage.connectUrl; removed after the test. */
export function useHome(connectUrl: string | undefined): void {
  const base = mkdtempSync(join(tmpdir(), "peek-cli-"));
  vi.stubEnv("PEEK_HOME", base);
  onTestFinished(() => {
    vi.unstubAllEnvs();
    rmSync(base, { recursive: true, force: true });
  });
  const home = serviceHome("logic");
  createServiceHome(home);
  const enabled = ["peek_plugin_idle"];
  writeFileSync(home.configFile, JSON.stringify({ storage: { connectUrl }, plugin: { enabled } }));
}

/** Tasks as logic opens them. */
export async function openQueue({ connectUrl }: TestDatabase, held: AsyncDisposableStack): Promise<TaskQueue> {
  const config = serviceConfigSchema.parse({ storage: { connectUrl } });
  const { signal } = new AbortController();
  const storage = held.use(
    await Storage.open({
      title: "peek test",
      config: config.storage,
      embeddedDir: "",
      embedded: "find",
      migrations: "apply",
      plugins: [],
      getLogger: () => commandLogger,
      signal,
    }),
  );
  const database = held.use(storage.openTaskDatabase());
  const { keepResultsHours, keepDeadLettersDays, lostAfterSeconds } = config.tasks;
  const keep = { keepResultsHours, keepDeadLettersDays, lostAfterSeconds };
  return held.use(await PgBossTaskQueue.open({ ...keep, database, role: "owner", logger: commandLogger, signal }));
}

let made = 0;

/** Queues tasks with these inputs, and gives their ids. */
export async function queued(
  queue: TaskQueue,
  name: QueueName,
  ...inputs: readonly unknown[]
): Promise<readonly string[]> {
  await queue.ensure(name);
  const requests = inputs.map((input): TaskRequest => ({
    id: `019aa000-0000-7000-8000-${String((made += 1)).padStart(12, "0")}`,
    input: encode(input),
    priority: 0,
    ...(name.kind === "keyed" && { key: `key ${made}` }),
    ...(name.kind === "single" && { key: "the only one" }),
    retry: { tries: 1, delayMs: 0, maxDelayMs: 0 },
    deadlineMs: 60_000,
  }));
  return await queue.insert(name, requests);
}

/** Queues tasks with these inputs that then fail for good, and gives their ids. */
export async function failed(
  queue: TaskQueue,
  name: QueueName,
  message: string,
  ...inputs: readonly unknown[]
): Promise<readonly string[]> {
  const ids = await queued(queue, name, ...inputs);
  const taken = await queue.fetch(name, ids.length);
  expect(taken.map(({ id }) => id).sort()).toEqual([...ids].sort());
  const error = { code: "TASK_FAILED", message };
  await queue.settle(
    name,
    taken.map((attempt) => ({ kind: "failed" as const, attempt, error, failures: 1 })),
  );
  return ids;
}

/** How far these tasks are; undefined for those that are not there. */
export async function statesOf(queue: TaskQueue, ...ids: readonly string[]): Promise<readonly (string | undefined)[]> {
  return (await Promise.all(ids.map((id) => queue.read(id)))).map((task) => task?.state);
}
