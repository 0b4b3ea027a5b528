import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { ServiceConfigInput } from "@peek/config";
import { beforeAll, afterAll, describe, expect, it } from "vitest";
import { processesOn } from "./src/processesOn.ts";
import type { RunningProcess } from "./src/RunningProcess.ts";
import { storagePlugin } from "./src/storagePlugin.ts";
import { TestHome } from "./src/TestHome.ts";

const debug: ServiceConfigInput = { logging: { level: "DEBUG" } };

/** A plugin that counts its starts in its own table. */
const counter = storagePlugin({
  name: "peek_plugin_counter",
  migrations: ["CREATE TABLE starts (at timestamptz NOT NULL DEFAULT now())"],
  body: `async start() {
    const { db } = this.platform.storage;
    await db.insertInto("starts").defaultValues().execute();
    const rows = await db.selectFrom("starts").selectAll().execute();
    this.getLogger(import.meta).info("Start number %d", rows.length);
  }`,
});

describe("logic with the embedded database", () => {
  it("makes the database, keeps its data, and leaves no process and no record of one", async () => {
    await using home = await TestHome.with(debug, [counter]);
    await home.removeDatabase();
    for (const start of [1, 2]) {
      const running = await home.start();
      await running.waitFor(new RegExp(`:Start number ${start}$`));
      expect((await processesOn(home.dir)).length).toBeGreaterThan(0);
      expect(await running.stop()).toEqual({ code: 0, signal: null });
      expect(await processesOn(home.dir)).toEqual([]);
      expect(await readFile(join(home.dir, "service.lock"), "utf8")).toBe("");
      for (const file of ["postgresql/connection.json", "postgresql/.s.PGSQL.5432"]) {
        expect(existsSync(join(home.dir, file)), file).toBe(false);
      }
    }
  });

  it("starts no database when no plugin requires storage", async () => {
    await using home = await TestHome.with(debug, [{ name: "peek_plugin_plain" }]);
    const running = await home.start();
    await running.stop();
    expect(existsSync(join(home.dir, "postgresql"))).toBe(false);
  });

  it("runs 100 plugins with at most two connections each", async () => {
    const plugins = Array.from({ length: 100 }, (_, index) =>
      storagePlugin({
        name: `peek_plugin_many_${index}`,
        migrations: ["CREATE TABLE item (id int)"],
        body: `async start() {
          const { db } = this.platform.storage;
          await Promise.all([1, 2, 3].map((id) => db.insertInto("item").values({ id }).execute()));
        }`,
      }),
    );
    // On a busy machine, a connection takes long.
    await using home = await TestHome.with({ storage: { acquireTimeoutSeconds: 60 } }, plugins);
    await using running = await home.start();
    const failures = running.stdout.split("\n").filter((line) => /^(ERROR|CRITICAL) /.test(line));
    expect({ failures, stdout: running.stdout }).toMatchObject({
      failures: [],
      stdout: expect.stringMatching(/: 100 plugins started$/m),
    });
    expect(await running.stop()).toEqual({ code: 0, signal: null });
  });

  it("protects one plugin's tables from another, which alone fails", async () => {
    const thief = storagePlugin({
      name: "peek_plugin_thief",
      body: `async start() { await this.platform.storage.db.selectFrom("pl_counter.starts").selectAll().execute(); }`,
    });
    await using home = await TestHome.with(debug, [counter, thief]);
    const running = await home.start();
    await running.waitFor(/^ERROR .*peek_plugin_thief failed in start\(\): permission denied for schema pl_counter/);
    await running.waitFor(/:Start number 1$/);
    await running.waitFor(/:Ready in .*1 plugin started, 1 failed \(peek_plugin_thief: STORAGE_DENIED\)/);
    await running.stop();
  });

  it("serves a worker on the same machine, which waits until the plugin is migrated", async () => {
    const shared = storagePlugin({
      name: "peek_plugin_shared",
      migrations: ["CREATE TABLE note (text text)", "INSERT INTO note VALUES ('from logic')"],
      workerBody: `async start() {
        const rows = await this.platform.storage.db.selectFrom("note").selectAll().execute();
        this.getLogger(import.meta).info("Read %s", rows.map((row) => row.text).join());
      }`,
    });
    await using logicHome = await TestHome.with(debug, [shared]);
    await using workerHome = await logicHome.beside("worker", debug, [shared]);
    await using worker = workerHome.run();
    await worker.waitFor(/^WARNING .*embedded database of the logic service is not running on this machine/);
    await using logic = await logicHome.start();
    await worker.waitFor(/:Read from logic$/);
    await worker.waitFor(/:Ready in /);
    expect(await worker.stop()).toEqual({ code: 0, signal: null });
    await logic.stop();
  });
});

describe("logic that was killed", () => {
  // Every row that it has reported as committed must exist; and all migrations, or none.
  const victim = storagePlugin({
    name: "peek_plugin_victim",
    migrations: [
      "CREATE TABLE entry (n int PRIMARY KEY, twin int)",
      ...[1, 2, 3].map(
        (step) => `ALTER TABLE entry ADD COLUMN step_${step} int NOT NULL DEFAULT ${step}; SELECT pg_sleep(0.05)`,
      ),
    ],
    body: `#logger = this.getLogger(import.meta);
      async start() {
        const { db } = this.platform.storage;
        const rows = await db.selectFrom("entry").selectAll().orderBy("n").execute();
        const whole = rows.every((row, index) => row.n === index + 1 && row.twin === row.n && row.step_3 === 3);
        this.#logger.info("Found %d rows, %s", rows.length, whole ? "whole" : "broken");
        this.work = this.#write(rows.length);
      }
      async #write(from) {
        for (let n = from + 1; !this.platform.signal.aborted; n += 1) {
          try {
            await this.platform.storage.transaction(async (db) => {
              await db.insertInto("entry").values({ n }).execute();
              await db.updateTable("entry").set({ twin: n }).where("n", "=", n).execute();
            });
            this.#logger.info("Committed %d", n);
          } catch (error) {
            // Lost with the database: it is unknown whether it was committed.
            if (error.code === "STORAGE_COMMIT_UNKNOWN" || error.code === "STORAGE_CONSTRAINT") continue;
            this.#logger.info("Not committed: %s", error.code);
            n -= 1;
            await new Promise((resolve) => setTimeout(resolve, 20));
          }
        }
      }
      async stop() { await this.work; }`,
  });

  it("12 times, in a migration or a transaction, alone or with its database, restarts with every committed row", async () => {
    await using home = await TestHome.with(debug, [victim]);
    let committed = 0;
    const note = (running: RunningProcess): void => {
      for (const line of running.lines)
        committed = Math.max(committed, Number(/:Committed (\d+)$/.exec(line)?.[1] ?? 0));
    };
    const moments = [
      /migration 0001_step applied/,
      /migration 0002_step applied/,
      /:Found \d+ rows/,
      /:Committed \d+5$/,
    ];
    const victims = ["logic", "database", "both", "database"] as const;
    for (let round = 0; round < 12; round += 1) {
      await using running = home.run();
      const moment = moments[round] ?? moments[2 + (round % 2)] ?? /./;
      await running.waitFor(moment);
      const whom = victims[round % victims.length];
      if (whom !== "logic") await killServer(home);
      if (whom === "database") await recover(running);
      running.kill("SIGKILL");
      await running.ended;
      note(running);
    }
    await using last = home.run();
    const line = await last.waitFor(/:Found \d+ rows, /);
    expect(line).toMatch(/whole$/);
    expect(Number(/Found (\d+)/.exec(line)?.[1])).toBeGreaterThanOrEqual(committed);
    expect(committed).toBeGreaterThan(0);
    expect(await last.stop()).toEqual({ code: 0, signal: null });
    expect(await processesOn(home.dir)).toEqual([]);
  }, 600_000);

  /** Kills the server; its other processes end with it. */
  async function killServer(home: TestHome): Promise<void> {
    const file = await readFile(join(home.dir, "postgresql", "data", "postmaster.pid"), "utf8");
    process.kill(Number(file.split("\n")[0]), "SIGKILL");
  }

  /** Waits until logic has started the server again, or has ended because of it. */
  async function recover(running: RunningProcess): Promise<void> {
    await Promise.race([running.waitFor(/EmbeddedServer:.*runs again/).catch(() => undefined), running.ended]);
  }
});

describe("storage.connectUrl", () => {
  let server: TestHome;
  let running: RunningProcess;
  let secret: string;
  let socketDir: string;

  beforeAll(async () => {
    server = await TestHome.with(debug, [counter]);
    running = await server.start();
    socketDir = join(server.dir, "postgresql");
    const connection: unknown = JSON.parse(await readFile(join(socketDir, "connection.json"), "utf8"));
    secret = String(Reflect.get(Object(connection), "password"));
  });

  afterAll(async () => {
    await running.stop();
    await server[Symbol.asyncDispose]();
  });

  const at = (user: string, password: string, database: string, more = ""): string =>
    `postgresql://${user}:${password}@/${database}?host=${encodeURIComponent(socketDir)}${more}`;

  it.each([
    ["port", () => "postgresql://peek:hidden@127.0.0.1:1/peek", 69, "nothing listens at 127.0.0.1:1"],
    ["host", () => "postgresql://peek:hidden@/peek?host=/nowhere", 69, "nothing listens at the socket in /nowhere"],
    ["password", () => at("peek", "hidden", "peek"), 78, "the password of peek is wrong"],
    ["account", () => at("nobody", "hidden", "peek"), 78, "the password of nobody is wrong"],
    ["database", () => at("peek", secret, "pek"), 78, "the server has no database pek"],
    ["TLS", () => at("peek", secret, "peek", "&sslmode=require"), 78, "TLS with"],
    ["certificate", () => at("peek", secret, "peek", "&sslmode=verify-full&sslrootcert=/none.pem"), 78, "/none.pem"],
  ])("with a wrong %s is refused with one message that names it", async (_what, url, code, message) => {
    await using home = await TestHome.with({ storage: { connectUrl: url(), retrySeconds: 0 } }, [counter]);
    await using logic = home.run();
    expect(await logic.ended).toEqual({ code, signal: null });
    const problems = logic.lines.filter((line) => /^(?:WARNING|ERROR|CRITICAL)/.test(line) && !line.includes("chmod"));
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(message);
    const printed = logic.stdout + logic.stderr;
    expect(printed).not.toContain("hidden");
    expect(printed).not.toContain(secret);
    expect(printed).not.toContain("    at ");
  });

  it("of an unreachable database is tried again, logged once, and then the service exits with 69", async () => {
    const connectUrl = "postgresql://peek:hidden@127.0.0.1:1/peek";
    await using home = await TestHome.with({ storage: { connectUrl, retrySeconds: 1 } }, [counter]);
    await using logic = home.run();
    expect(await logic.ended).toEqual({ code: 69, signal: null });
    const tries = logic.lines.filter((line) => /^INFO .*nothing listens.*Trying again in/.test(line));
    expect(tries).toHaveLength(1);
  });

  it("shared by two logic services that start at once has one of them migrate, and both run", async () => {
    const slow = storagePlugin({
      name: "peek_plugin_slow",
      migrations: [1, 2, 3].map((step) => `CREATE TABLE step_${step} (id int); SELECT pg_sleep(0.1)`),
      body: `async start() {
        for (const step of [1, 2, 3]) await this.platform.storage.db.insertInto("step_" + step).values({ id: 1 }).execute();
      }`,
    });
    const config: ServiceConfigInput = { ...debug, storage: { connectUrl: at("peek", secret, "peek") } };
    await using one = await TestHome.with(config, [slow]);
    await using other = await TestHome.with(config, [slow]);
    const services = await Promise.all([one.start(), other.start()]);
    const applied = services.map((service) => service.lines.filter((line) => line.includes(" applied in ")).length);
    expect(applied.reduce((sum, each) => sum + each, 0)).toBe(3);
    for (const service of services) {
      expect(service.stdout).toContain(": 1 plugin started");
      expect(await service.stop()).toEqual({ code: 0, signal: null });
    }
  });
});
