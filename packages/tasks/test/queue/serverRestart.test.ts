import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PgBossTaskQueue, type TaskQueueOpenOptions } from "@peek/tasks";
import { expect, it } from "vitest";
import { TestLog } from "@peek/kit/testing";
import { EmbeddedServer, TestTaskDatabase } from "../testing.ts";
import { plain, request } from "./rig.ts";
import { until } from "./until.ts";

it(
  "a queue continues after a restart of the server, and no task counts as lost because of it",
  { timeout: 90_000 },
  async () => {
    await using owned = new AsyncDisposableStack();
    const dir = await mkdtemp(join(tmpdir(), "peek-tasks-restart-"));
    owned.defer(() => rm(dir, { recursive: true, force: true }));
    const server = owned.use(await EmbeddedServer.open({ dir, logger: new TestLog(), maxConnections: 40 }));
    const { host, port, user, password, database: name } = server.connection;
    const at = host.startsWith("/")
      ? `/${name}?host=${encodeURIComponent(host)}&port=${port}`
      : `${host}:${port}/${name}`;
    const database = owned.use(new TestTaskDatabase({ connectUrl: `postgresql://${user}:${password}@${at}` }, 8));
    const log = new TestLog();
    const open = async (role: TaskQueueOpenOptions["role"]): Promise<PgBossTaskQueue> => {
      const { signal } = new AbortController();
      const times = { keepResultsHours: 24, keepDeadLettersDays: 30, lostAfterSeconds: 8 };
      return owned.use(await PgBossTaskQueue.open({ database, role, logger: log, signal, ...times }));
    };
    await open("owner");
    const worker = await open("user");
    await worker.ensure(plain);
    await worker.insert(plain, [request(), request()]);
    const [kept, lost] = await worker.fetch(plain, 2);
    if (kept === undefined || lost === undefined) throw new Error("Not both were taken");
    const about = async (): Promise<Readonly<Record<string, unknown>>> => {
      const sql = "SELECT current_setting('data_directory') AS dir, pg_postmaster_start_time()::text AS since";
      return (await database.query(sql)).rows[0] ?? {};
    };
    const { dir: data, since } = await about();
    process.kill(Number.parseInt(await readFile(join(String(data), "postmaster.pid"), "utf8"), 10), "SIGKILL");
    await until("it runs again", async () => {
      const found = await about().catch(() => undefined);
      return found !== undefined && found["since"] !== since;
    });
    // As after a long outage.
    await database.query(
      "UPDATE peek_tasks.job_common SET heartbeat_on = now() - interval '2 hours', heartbeat_seconds = 3600",
    );
    await database.query("UPDATE peek_tasks.job_common SET heartbeat_seconds = 1 WHERE id = $1", [lost.id]);
    await open("owner");
    await until("the other is lost", async () => (await worker.read(lost.id))?.state === "waiting");
    expect(await worker.touch(plain, [kept, lost])).toEqual(new Set([kept.id]));
    expect(await worker.settle(plain, [{ kind: "done", attempt: kept, output: "1" }])).toEqual(new Set([kept.id]));
    expect(await worker.fetch(plain, 5)).toMatchObject([{ id: lost.id, retryCount: 1 }]);
  },
);
