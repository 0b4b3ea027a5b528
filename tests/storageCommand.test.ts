import { existsSync, statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { openTestDatabase } from "@peek/testing";
import { describe, expect, inject, it } from "vitest";
import { processesOn } from "./src/processesOn.ts";
import { runToEnd } from "./src/RunningProcess.ts";
import { storagePlugin } from "./src/storagePlugin.ts";
import { TestHome } from "./src/TestHome.ts";
import { workspaceDir } from "./src/workspace.ts";

const command = join(workspaceDir, "packages", "cli", "bin", "peek");
const tutorial = "peek_plugin_tutorial";

/** A plugin that counts its starts in its own table. */
const counter = storagePlugin({
  name: "peek_plugin_counter",
  migrations: ["CREATE TABLE starts (id int GENERATED ALWAYS AS IDENTITY, at timestamptz NOT NULL DEFAULT now())"],
  body: `async start() {
    const { db } = this.platform.storage;
    const { id } = await db.insertInto("starts").defaultValues().returningAll().executeTakeFirstOrThrow();
    const rows = await db.selectFrom("starts").selectAll().execute();
    this.getLogger(import.meta).info("Start number %d of %d", id, rows.length);
  }`,
});

interface Answer {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function isHeld(lockFile: string): boolean {
  return (statSync(lockFile, { throwIfNoEntry: false })?.size ?? 0) > 0;
}

async function storage(home: TestHome, ...args: readonly string[]): Promise<Answer> {
  const { ending, stdout, stderr } = await runToEnd(command, {
    args: ["storage", ...args],
    env: { PEEK_HOME: home.base },
  });
  // The database must not run on.
  if (!isHeld(join(home.dir, "service.lock"))) expect(await processesOn(home.dir)).toEqual([]);
  return { code: ending.code, stdout, stderr };
}

/** A home with both plugins enabled, on which logic has run once. */
async function usedHome(): Promise<TestHome> {
  const home = await TestHome.with({ plugin: { enabled: [tutorial] } }, [counter]);
  const running = await home.start();
  expect(await running.stop()).toEqual({ code: 0, signal: null });
  return home;
}

describe("peek storage", () => {
  it("makes no database where none exists yet", async () => {
    await using home = await TestHome.make();
    for (const args of [["status"], ["migrate"], ["migrate", "--dry-run"]]) {
      const { code, stdout } = await storage(home, ...args);
      expect({ code, stdout }).toMatchObject({ code: 0, stdout: expect.stringContaining("There is no database yet") });
    }
    expect(existsSync(home.dir)).toBe(false);
  });

  it("status reports an unreachable server, without its password", async () => {
    await using home = await TestHome.with({
      storage: { connectUrl: "postgresql://user:geheim@127.0.0.1:1/database" },
    });
    const { code, stderr } = await storage(home, "status");
    expect(code).toBe(69);
    expect(stderr).toMatch(/^peek: The database of storage\.connectUrl cannot be reached: nothing listens at 127/);
    const json = await storage(home, "status", "--json");
    expect(json.code).toBe(69);
    expect(JSON.parse(json.stdout)).toMatchObject({ kind: "server", reachable: false });
    expect(stderr + json.stdout + json.stderr).not.toContain("geheim");
  });

  it("reads the database at any time, and changes it only while logic does not run", async () => {
    await using home = await TestHome.with({ plugin: { enabled: [tutorial] } }, [counter]);
    const upToDate = [
      expect.objectContaining({ plugin: tutorial, schema: "pl_tutorial", pending: [], state: "up to date" }),
      expect.objectContaining({ plugin: counter.name, applied: ["0001_step"], state: "up to date" }),
    ];
    const running = await home.start();
    const report = async (...more: readonly string[]): Promise<unknown> =>
      JSON.parse((await storage(home, "status", "--json", ...more)).stdout);
    expect(await report()).toMatchObject({ kind: "embedded", reachable: true, plugins: upToDate });
    for (const args of [["migrate"], ["rollback", tutorial, "--yes"], ["copy", "postgresql://a:b@c/d", "--yes"]]) {
      expect(await storage(home, ...args)).toMatchObject({
        code: 69,
        stderr: expect.stringContaining(`(kill ${running.pid})`),
      });
    }
    await running.stop();
    expect(await report()).toMatchObject({
      kind: "embedded",
      exists: true,
      reachable: false,
      stopped: true,
      plugins: [],
    });
    expect(await report("--start")).toMatchObject({ kind: "embedded", reachable: true, plugins: upToDate });

    expect(await storage(home, "rollback", tutorial)).toMatchObject({
      code: 64,
      stderr: expect.stringContaining("add --yes"),
    });
    expect(await storage(home, "rollback", tutorial, "--to", "7", "--yes")).toMatchObject({ code: 64 });
    expect(await storage(home, "rollback", tutorial, "--yes")).toMatchObject({
      code: 0,
      stdout: expect.stringContaining("undid 0002_create_setting_property"),
    });
    const table = await storage(home, "status", "--start");
    expect(table.stdout).toMatch(/^PostgreSQL [\d.]+ \(embedded, in .*postgresql\): peek at /);
    expect(table.stdout).toMatch(/peek_plugin_tutorial +pl_tutorial +peek_pl_tutorial +1 +1 +\d+\.\d MB +1 to apply\n/);
    for (const _ of [1, 2]) {
      const { code, stdout } = await storage(home, "migrate", "--dry-run", tutorial);
      expect({ code, stdout }).toMatchObject({ code: 0, stdout: expect.stringContaining('create table "setting_p') });
    }
    expect(await storage(home, "migrate")).toMatchObject({
      code: 0,
      stdout: `${tutorial}: applied 0002_create_setting_property\n${counter.name}: up to date\n`,
    });
    expect(await storage(home, "rollback", tutorial, "--to", "0", "--yes")).toMatchObject({
      stdout: expect.stringContaining("undid 0002_create_setting_property, 0001_create_string_int"),
    });
  });

  it("migrate --dry-run tries migrations of plugins without a schema, continues after a failure, and leaves no trace", async () => {
    await using home = await usedHome();
    const fresh = storagePlugin({
      name: "peek_plugin_fresh",
      migrations: ["CREATE TABLE one ()", "CREATE TABLE two ()"],
    });
    const wrong = storagePlugin({
      name: "peek_plugin_wrong",
      migrations: ["CREATE TABLE one (", "CREATE TABLE two ()"],
    });
    await using other = await TestHome.with({ plugin: { enabled: [] } }, [wrong, fresh]);
    const software = join(other.dir, "plugin-software");
    const before = await storage(home, "status", "--start");
    const enabled = [wrong.name, fresh.name];
    await home.writeConfig(JSON.stringify({ plugin: { enabled, softwarePath: software } }));
    const tried = await storage(home, "migrate", "--dry-run");
    expect(tried.code).toBe(70);
    expect(tried.stderr).toMatch(/^peek: peek_plugin_wrong: up\(\) of the migration 0001_step of .* failed: /);
    expect(tried.stdout).toContain(
      `${fresh.name}: its schema would be created\n${fresh.name}: 0001_step would be applied:\n  CREATE TABLE one ();\n`,
    );
    const after = await storage(home, "status", "--start");
    expect(after.stdout).toMatch(/peek_plugin_fresh +pl_fresh +peek_pl_fresh +0 +2 +0\.0 MB +not created yet\n/);
    expect(after.stdout).toMatch(/peek_plugin_tutorial .* no longer enabled\n/);
    await home.writeConfig(JSON.stringify({ plugin: { enabled: [tutorial, counter.name] } }));
    expect(await storage(home, "status", "--start")).toEqual(before);
    await home.writeConfig(JSON.stringify({ plugin: { enabled, softwarePath: software } }));
    expect(await storage(home, "migrate")).toMatchObject({
      code: 70,
      stdout: `${fresh.name}: applied 0001_step, 0002_step\n`,
    });
  });
});

describe("peek storage copy", () => {
  it("moves logic from the embedded database to a server, and back", async (context) => {
    context.skip(inject("peekTestServer") === undefined, "no PostgreSQL server is given (PEEK_TEST_POSTGRESQL)");
    await using database = await openTestDatabase();
    await using home = await usedHome();
    const target = database.connectUrl.replace("postgres@", "postgres:geheim@");
    const there = await storage(home, "copy", target, "--yes");
    expect(there).toMatchObject({ code: 0, stderr: "" });
    expect(there.stdout).toContain("pl_counter.starts: 1 row, 0.0 MB\n");
    expect(there.stdout).toContain("Copied 2 plugins, 3 tables, 3 rows");
    expect(there.stdout).toMatch(/peek config set logic storage\.connectUrl 'postgresql:\/\/.*:\[redacted\]@/);
    expect(there.stdout).not.toContain("geheim");
    expect(await storage(home, "copy", target, "--yes")).toMatchObject({
      code: 78,
      stderr: expect.stringContaining("is in use by Peek already"),
    });

    const embedded = await home.readConfig();
    const args = ["config", "set", "logic", "storage.connectUrl", target];
    await runToEnd(command, { args, env: { PEEK_HOME: home.base } });
    const running = await home.start();
    await running.waitFor(/:Start number 2 of 2$/);
    expect(await processesOn(join(home.dir, "postgresql"))).toEqual([]);
    expect((await storage(home, "status")).stdout).toMatch(/^PostgreSQL [\d.]+ \(of storage\.connectUrl\): /);
    await running.stop();
    expect(await database.query("SELECT string1 FROM pl_tutorial.string_int")).toEqual([{ string1: "one" }]);

    expect(await storage(home, "copy", "embedded", "--yes")).toMatchObject({ code: 78 });
    await using fresh = await TestHome.with({ storage: { connectUrl: target } });
    await fresh.writeConfig(
      (await readFile(home.configFile, "utf8")).replaceAll("plugin-software", join(home.dir, "plugin-software")),
    );
    const back = await storage(fresh, "copy", "embedded", "--yes");
    expect(back).toMatchObject({ code: 0, stderr: "" });
    await fresh.writeConfig(embedded.replaceAll("plugin-software", join(home.dir, "plugin-software")));
    const again = await fresh.start();
    await again.waitFor(/:Start number 3 of 3$/);
    await again.stop();
  });
});
