import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { PeekError } from "@peek/errors";
import type { Storage } from "@peek/storage";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { writePlugin } from "./testPlugins.ts";
import {
  caught,
  column,
  migrations,
  nameOf,
  openStorage,
  pluginFolder,
  pluginOf,
  signal,
  sqlMigration,
  TestLog,
} from "./support.ts";
import { openTestDatabase, startService, type TestDatabase } from "./testing.ts";

let database: TestDatabase;
let counter = 0;

beforeAll(async () => {
  database = await openTestDatabase();
});

afterAll(() => database[Symbol.asyncDispose]());

/** A plugin of one test, in the database that all tests share. */
class Subject {
  readonly name: string;
  readonly schema: string;
  readonly folder = pluginFolder();
  readonly log = new TestLog();

  constructor() {
    counter += 1;
    this.name = `peek_plugin_m${counter}`;
    this.schema = `pl_m${counter}`;
  }

  /** Adds migrations to its package. */
  write(files: Readonly<Record<string, string>>): string {
    return migrations(files, this.folder);
  }

  async with<T>(work: (storage: Storage) => Promise<T>, version?: string): Promise<T> {
    const plugin = pluginOf(this.name, join(this.folder, "migrations"), version);
    await using storage = await openStorage(database, { plugins: [plugin], log: this.log });
    return await work(storage);
  }

  async migrate(version?: string): Promise<readonly string[]> {
    return await this.with((storage) => storage.migrate(this.name, signal), version);
  }

  async rollback(to?: string, edited = false): Promise<readonly string[]> {
    return await this.with((storage) => storage.rollback(this.name, { to, edited }, signal));
  }

  async failure(): Promise<PeekError> {
    return await caught(() => this.migrate());
  }

  async attempt(way: "migrate" | "dryRun"): Promise<readonly unknown[]> {
    return await this.with((storage): Promise<readonly unknown[]> => storage[way](this.name, signal));
  }

  /** The names of the tables in its schema. */
  async tables(): Promise<readonly unknown[]> {
    return await column(database, `SELECT tablename FROM pg_tables WHERE schemaname = '${this.schema}' ORDER BY 1`);
  }

  async recorded(): Promise<readonly unknown[]> {
    return await column(
      database,
      `SELECT name FROM peek_platform.migration WHERE plugin = '${this.name}' ORDER BY number`,
    );
  }
}

const create = (table: string): string => sqlMigration(`CREATE TABLE ${table} (i int)`, `DROP TABLE ${table}`);

describe("Migrations", () => {
  it("are applied once each in the order of their numbers, with the plugin's schema and role", async () => {
    const subject = new Subject();
    subject.write({
      "0010_c.js": sqlMigration("INSERT INTO steps SELECT 'c'"),
      "9_b.js": sqlMigration("INSERT INTO steps SELECT 'b'"),
      "0001_a.js": sqlMigration("CREATE TABLE steps AS SELECT 'a' AS step"),
      "notes.md": "",
      "0001_a.d.ts": "",
    });
    expect(await subject.migrate()).toEqual(["0001_a", "9_b", "0010_c"]);
    expect(await subject.migrate()).toEqual([]);
    expect(await column(database, `SELECT step FROM ${subject.schema}.steps`)).toEqual(["a", "b", "c"]);
    const [owner] = await database.query(
      `SELECT tableowner = current_database() || '_${subject.schema}' AS own FROM pg_tables WHERE schemaname = '${subject.schema}'`,
    );
    expect(owner).toEqual({ own: true });
  });

  it("are recorded with their checksum, the plugin's version and the time", async () => {
    const subject = new Subject();
    subject.write({ "0001_a.js": create("a") });
    await subject.migrate("1.2.3");
    expect(
      await database.query(
        "SELECT *, applied_at::text FROM peek_platform.migration WHERE plugin = $1 AND applied_at > now() - interval '1 minute'",
        [subject.name],
      ),
    ).toEqual([
      {
        plugin: subject.name,
        number: "1",
        name: "0001_a",
        checksum: expect.stringMatching(/^[0-9a-f]{32}$/),
        plugin_version: "1.2.3",
        applied_at: expect.any(String),
        duration_ms: expect.any(Number),
        allows_older: true,
      },
    ]);
    expect(subject.log.of("info")).toContainEqual(
      expect.stringMatching(`${subject.name}: migration 0001_a applied in \\d+ ms`),
    );
  });

  it("that are new are applied at the next start", async () => {
    const subject = new Subject();
    subject.write({ "0001_a.js": create("a") });
    await subject.migrate();
    subject.write({ "0002_b.js": create("b") });
    expect(await subject.migrate()).toEqual(["0002_b"]);
    expect(await subject.recorded()).toEqual(["0001_a", "0002_b"]);
  });

  it("have the same effect in TypeScript and JavaScript", async () => {
    const subject = new Subject();
    subject.write({
      "0001_a.ts": `import { type MigrationDatabase, sql } from "@peek/plugin-base/storage";
        export async function up(db: MigrationDatabase): Promise<void> {
          const rows: readonly number[] = [1];
          await db.schema.createTable("a").addColumn("i", "integer").execute();
          await sql\`INSERT INTO a VALUES (\${rows[0]})\`.execute(db);
        }`,
    });
    await subject.migrate();
    rmSync(join(subject.folder, "migrations/0001_a.ts"));
    subject.write({
      "0001_a.js": `import { sql } from '@peek/plugin-base/storage';
export async function up(db) {
    const rows = [1];
    await db.schema.createTable('a').addColumn('i', 'integer').execute();
    await sql \`INSERT INTO a VALUES (\${rows[0]})\`.execute(db);
}
//# sourceMappingURL=0001_a.js.map`,
    });
    expect(await subject.migrate()).toEqual([]);
    expect(await column(database, `SELECT i FROM ${subject.schema}.a`)).toEqual([1]);
  });
});

describe("A migration that fails", () => {
  it("leaves the schema unchanged, with earlier ones applied, and names its file", async () => {
    const subject = new Subject();
    subject.write({
      "0001_a.js": create("a"),
      "0002_b.js": sqlMigration("CREATE TABLE b (i int); INSERT INTO a VALUES (1); SELECT 1 FROM nowhere"),
      "0003_c.js": create("c"),
    });
    const error = await subject.failure();
    expect(error).toMatchObject({
      code: "MIGRATION_FAILED",
      fields: { plugin: subject.name, migration: "0002_b", sqlState: "42P01" },
    });
    expect(error.message).toContain("»nowhere«");
    expect(error.message).toContain(join(subject.folder, "migrations/0002_b.js"));
    expect(error.message).toContain("The schema is unchanged");
    expect(await subject.tables()).toEqual(["a"]);
    expect(await column(database, `SELECT count(*)::int FROM ${subject.schema}.a`)).toEqual([0]);
    // Under another name, since Node caches imported modules.
    rmSync(join(subject.folder, "migrations/0002_b.js"));
    subject.write({ "0002_d.js": create("d") });
    expect(await subject.migrate()).toEqual(["0002_d", "0003_c"]);
  });

  it("fails its plugin and no other", async () => {
    await using logic = await startService("logic", {
      allowFailed: true,
      database,
      plugins: [
        writePlugin("peek_plugin_failing", { migrations: { "0001_a.js": sqlMigration("SELECT 1 / 0") } }),
        writePlugin("peek_plugin_well", { migrations: { "0001_a.js": create("a") } }),
      ],
    });
    expect(logic.plugin("peek_plugin_failing")).toMatchObject({
      state: "failed",
      error: { code: "MIGRATION_FAILED", hook: "migrate" },
    });
    expect(logic.plugin("peek_plugin_failing").error?.message).toContain("division by zero");
    expect(logic.plugin("peek_plugin_well").state).toBe("started");
  });

  it.each([
    ["throws", "export async function up() { throw new Error('no such pump'); }", "no such pump"],
    [
      "does not await a query",
      `export async function up(db) { await db.schema.createTable("a").execute(); void db.schema.createTable("b").execute(); }`,
      "Await each query",
    ],
    [
      "does not await a query that takes its time",
      `import { sql } from "@peek/plugin-base/storage";
       export async function up(db) { void sql\`SELECT pg_sleep(0.05)\`.execute(db); }`,
      "Await each query",
    ],
    [
      "continues after an error",
      `import { sql } from "@peek/plugin-base/storage";
       export async function up(db) {
         await db.schema.createTable("a").execute();
         await sql\`SELECT 1 / 0\`.execute(db).catch(() => {});
       }`,
      "current transaction is aborted",
    ],
    [
      "accesses objects of others",
      sqlMigration("CREATE TABLE a (); UPDATE peek_platform.setting SET value = '0'"),
      "permission denied",
    ],
  ])("has no effect when it %s", async (_what, code, said) => {
    const subject = new Subject();
    subject.write({ "0001_a.js": code });
    const error = await subject.failure();
    expect([error.code, error.message]).toEqual(["MIGRATION_FAILED", expect.stringContaining(said)]);
    expect([await subject.tables(), await subject.recorded()]).toEqual([[], []]);
  });

  it.each([
    ["commits", "CREATE TABLE a (); COMMIT", ["a"]],
    ["commits and begins again", "CREATE TABLE a (); COMMIT; BEGIN", ["a"]],
    ["rolls back", "CREATE TABLE a (); ROLLBACK", []],
  ])("is rejected and not recorded when it %s by itself", async (_what, statements, left) => {
    const subject = new Subject();
    subject.write({ "0001_a.js": sqlMigration(statements) });
    const error = await subject.failure();
    expect(error.code).toBe("MIGRATION_FAILED");
    expect(error.message).toContain("Remove COMMIT and ROLLBACK: the platform runs them");
    expect(error.message).toContain("revert them by hand");
    expect([await subject.tables(), await subject.recorded()]).toEqual([left, []]);
  });

  it("is rolled back by the server when its connection is cut, and tried again", async () => {
    const subject = new Subject();
    const lock = "pg_advisory_xact_lock(4711)";
    subject.write({ "0001_a.js": sqlMigration(`CREATE TABLE a (); SELECT ${lock}`) });
    const cut = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE datname = current_database() AND wait_event = 'advisory' AND query LIKE '%CREATE TABLE a%' AND pid <> pg_backend_pid()`;
    const held = new pg.Client({ connectionString: database.connectUrl });
    await held.connect();
    await held.query(`BEGIN; SELECT ${lock}`);
    const migrating = subject.migrate();
    let ended = 0;
    while (ended === 0) ended = (await database.query(cut)).length;
    await held.query("ROLLBACK");
    await held.end();
    expect(await migrating).toEqual(["0001_a"]);
    expect(await subject.tables()).toEqual(["a"]);
    expect(subject.log.of("info").join("\n")).toContain("Trying again");
  });

  it("is aborted when the service stops", async () => {
    const subject = new Subject();
    subject.write({ "0001_a.js": sqlMigration("CREATE TABLE a (); SELECT pg_sleep(30)") });
    const stop = new AbortController();
    const migrating = subject.with((storage) => caught(() => storage.migrate(subject.name, stop.signal)));
    await untilAsked(async () => (await sleeping()) > 0);
    stop.abort();
    await migrating;
    await untilAsked(async () => (await sleeping()) === 0);
    expect(await subject.tables()).toEqual([]);
    expect(subject.log.of("error")).toEqual([]);
  });

  it.each([
    ["RESET ROLE", "CREATE TABLE a (); RESET ROLE"],
    ["SET ROLE", "CREATE TABLE a (); SET ROLE pg_monitor"],
  ])("is rejected without effect when it runs %s", async (_what, statements) => {
    const subject = new Subject();
    subject.write({ "0001_a.js": sqlMigration("SELECT 1"), "0002_b.js": sqlMigration(statements) });
    const error = await subject.failure();
    expect(error.code).toBe("MIGRATION_FAILED");
    expect(error.message).toContain("it changed its role");
    expect(error.message).toContain("The schema is unchanged");
    expect([await subject.tables(), await subject.recorded()]).toEqual([[], ["0001_a"]]);
  });

  async function sleeping(): Promise<number> {
    const rows = await database.query(
      "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'",
    );
    return rows.length;
  }
});

/** Waits until a query returns rows. */
async function untilAsked(condition: () => Promise<boolean>): Promise<void> {
  const giveUpAt = performance.now() + 30_000;
  while (!(await condition())) if (performance.now() > giveUpAt) throw new Error("Not within 30 s");
}

describe("The applied migrations and those of the package", () => {
  const applied = async (...names: readonly string[]): Promise<Subject> => {
    const subject = new Subject();
    subject.write(Object.fromEntries(names.map((name) => [`${name}.js`, create(`t_${name}`)])));
    await subject.migrate("2.0.0");
    return subject;
  };
  const remove = (subject: Subject, name: string): void => rmSync(join(subject.folder, "migrations", `${name}.js`));

  it("differ after an edit: MIGRATION_EDITED names the file, and nothing is applied", async () => {
    const subject = await applied("0001_a");
    subject.write({ "0001_a.js": sqlMigration("CREATE TABLE t_0001_a (i bigint)"), "0002_b.js": create("b") });
    const error = await subject.failure();
    expect(error.code).toBe("MIGRATION_EDITED");
    expect(error.message).toContain(join(subject.folder, "migrations/0001_a.js"));
    expect(error.message).toContain("make the change in a new migration");
    expect(await subject.recorded()).toEqual(["0001_a"]);
  });

  it("do not differ by comments and formatting", async () => {
    const subject = await applied("0001_a");
    const file = join(subject.folder, "migrations/0001_a.js");
    writeFileSync(file, `// Made by hand.\n${readFileSync(file, "utf8").replaceAll("; ", ";\n\n    /* so */ ")}`);
    expect(await subject.migrate()).toEqual([]);
  });

  it("differ by a missing file: MIGRATION_MISSING", async () => {
    const subject = await applied("0001_a", "0002_b");
    remove(subject, "0001_a");
    const error = await subject.failure();
    expect([error.code, error.message]).toEqual(["MIGRATION_MISSING", expect.stringContaining("0001_a")]);
    expect(error.message).toContain("by version 2.0.0");
  });

  it("differ by a new file between old ones: MIGRATION_OUT_OF_ORDER names the required number", async () => {
    const subject = await applied("0001_a", "0005_b");
    subject.write({ "0003_c.js": create("c") });
    const error = await subject.failure();
    expect([error.code, error.message]).toEqual([
      "MIGRATION_OUT_OF_ORDER",
      expect.stringContaining("Give it a number after 5"),
    ]);
  });

  it("differ with an older package: MIGRATION_NEWER names the version to install", async () => {
    const subject = new Subject();
    subject.write({ "0001_a.js": create("a"), "0002_b.js": sqlMigration("CREATE TABLE b (i int)") });
    await subject.migrate("2.0.0");
    remove(subject, "0002_b");
    const error = await subject.failure();
    expect([error.code, error.message]).toEqual([
      "MIGRATION_NEWER",
      expect.stringContaining("Install version 2.0.0 or later"),
    ]);
    expect(error.message).toContain(`peek storage rollback ${subject.name}`);
  });
});

describe("The folder of migrations", () => {
  it.each([
    [
      "has a file without the name of a migration",
      { "create_pumps.js": create("a") },
      /create_pumps\.js does not have the name of a migration/,
    ],
    ["has two with one number", { "0001_a.js": create("a"), "1_b.js": create("b") }, /0001_a and 1_b|1_b and 0001_a/],
    ["has one in two languages", { "0001_a.js": create("a"), "0001_a.ts": create("a") }, /two migrations/],
    ["has one that is no code", { "0001_a.js": "CREATE TABLE a ();" }, /0001_a\.js cannot be read/],
    [
      "has a migration without up()",
      { "0001_a.js": "export const down = async () => {};" },
      /0001_a\.js exports no function up/,
    ],
    [
      "has a migration whose down is no function",
      { "0001_a.js": "export const up = async () => {}; export const down = 1;" },
      /its export down is not a function/,
    ],
    [
      "has a migration with a missing import",
      { "0001_a.js": "import './gone.js'; export const up = async () => {};" },
      /Importing the migration .*0001_a\.js failed/,
    ],
  ])("is rejected with the file's name when it %s", async (_what, files: Readonly<Record<string, string>>, said) => {
    const subject = new Subject();
    subject.write(files);
    const error = await subject.failure();
    expect([error.code, error.message]).toEqual(["MIGRATIONS_UNREADABLE", expect.stringMatching(said)]);
    expect(await subject.recorded()).toEqual([]);
  });

  it("is rejected with the setting that names it when it does not exist", async () => {
    const subject = new Subject();
    const error = await subject.failure();
    expect(error.code).toBe("MIGRATIONS_UNREADABLE");
    expect(error.message).toContain(join(subject.folder, "migrations"));
    expect(error.message).toContain("storage.migrationsDir in plugin_package.json");
  });

  it("is rejected outside of the plugin's package", async () => {
    const name = "peek_plugin_outside";
    await using logic = await startService("logic", {
      allowFailed: true,
      database,
      plugins: [writePlugin(name, { migrationsDir: "../../elsewhere" })],
    });
    expect(logic.plugin(name)).toMatchObject({ state: "failed", error: { code: "MIGRATIONS_UNREADABLE" } });
    expect(logic.plugin(name).error?.message).toContain("../../elsewhere, which is outside the package");
  });

  it("is optional: a plugin without migrations has its schema", async () => {
    const name = "peek_plugin_bare";
    await using logic = await startService("logic", { database, plugins: [writePlugin(name)] });
    expect(logic.plugin(name).state).toBe("started");
  });
});

describe("Two services that migrate one database at the same time", () => {
  it("apply each migration once: one of them waits for the other and logs that", async () => {
    const subject = new Subject();
    subject.write({
      "0001_a.js": sqlMigration("CREATE TABLE a (i int); SELECT pg_sleep(0.2)"),
      "0002_b.js": sqlMigration("INSERT INTO a VALUES (1)"),
    });
    const applied = await Promise.all([subject.migrate(), subject.migrate(), subject.migrate()]);
    expect(applied.toSorted((a, b) => b.length - a.length)).toEqual([["0001_a", "0002_b"], [], []]);
    expect(await subject.recorded()).toEqual(["0001_a", "0002_b"]);
    expect(await column(database, `SELECT i FROM ${subject.schema}.a`)).toEqual([1]);
    expect(subject.log.of("info")).toContainEqual(expect.stringContaining("another process is migrating it"));
  });
});

describe("The session state of a migration", () => {
  const traces = `SET statement_timeout = '100ms'; SET search_path TO nowhere; CREATE TEMP TABLE staging (i int);
    SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY; LISTEN news`;
  const untouched = "CREATE TEMP TABLE staging (i text); CREATE TABLE t (i int); SELECT pg_sleep(0.2)";

  it.each(["migrate", "dryRun"] as const)("does not reach the plugin's next migration: %s()", async (way) => {
    const subject = new Subject();
    subject.write({ "0001_a.js": sqlMigration(traces), "0002_b.js": sqlMigration(untouched) });
    expect((await subject.attempt(way)).length).toBe(2);
  });

  it("does not reach another plugin, or the platform", async () => {
    const subjects = [traces, untouched, untouched].map((statements) => {
      const subject = new Subject();
      subject.write({ "0001_a.js": sqlMigration(`SELECT pg_advisory_lock(1); ${statements}`) });
      return subject;
    });
    await using storage = await openStorage(database, {
      plugins: subjects.map(({ name, folder }) => pluginOf(name, join(folder, "migrations"))),
    });
    for (const { name } of subjects) expect(await storage.migrate(name, signal)).toEqual(["0001_a"]);
    const { rows } = await storage.asOwner((lent) => lent.query("SHOW statement_timeout"));
    expect(rows).toEqual([{ statement_timeout: "0" }]);
  });
});

describe("A deferred constraint trigger", () => {
  /** Records its role, in a table that it finds by the search path. */
  const trigger = `
    CREATE TABLE t (i int); CREATE TABLE ran (by text);
    CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN INSERT INTO ran VALUES (current_user); RETURN NULL; END $$;
    CREATE CONSTRAINT TRIGGER noted AFTER INSERT ON t DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION note();
    INSERT INTO t VALUES (1);`;

  it("runs with the plugin's role and schema", async () => {
    const subject = new Subject();
    subject.write({ "0001_a.js": sqlMigration(trigger), "0002_b.js": sqlMigration(`INSERT INTO t VALUES (2)`) });
    expect(await subject.migrate()).toEqual(["0001_a", "0002_b"]);
    const role = `${await nameOf(database)}_${subject.schema}`;
    expect(await column(database, `SELECT by FROM ${subject.schema}.ran`)).toEqual([role, role]);
  });

  it.each(["dryRun", "migrate"] as const)("is deferred again for the next migration: %s()", async (way) => {
    const subject = new Subject();
    subject.write({
      "0001_a.js": sqlMigration("CREATE TABLE a (i int UNIQUE DEFERRABLE INITIALLY DEFERRED)"),
      "0002_b.js": sqlMigration(
        "INSERT INTO a VALUES (1), (1); UPDATE a SET i = 2 WHERE ctid = (SELECT min(ctid) FROM a)",
      ),
    });
    expect((await subject.attempt(way)).length).toBe(2);
  });

  it("fails the migration when it fails, also in a dry run", async () => {
    const subject = new Subject();
    subject.write({
      "0001_a.js": sqlMigration(
        "CREATE TABLE a (i int UNIQUE DEFERRABLE INITIALLY DEFERRED); INSERT INTO a VALUES (1), (1)",
      ),
    });
    for (const way of ["dryRun", "migrate"] as const) {
      const error = await caught(() => subject.attempt(way));
      expect([way, error.code, error.fields["sqlState"]]).toEqual([way, "MIGRATION_FAILED", "23505"]);
      expect(error.message).not.toContain("RESET ROLE");
    }
  });
});

describe("A migration that never settles", () => {
  const never = "export async function up() { await new Promise(() => {}); }";
  const names = ["peek_plugin_stuck1", "peek_plugin_stuck2", "peek_plugin_well"] as const;

  /** A storage in which stuck migrations use all permits. */
  async function whileStuck(
    work: (storage: Storage, giveUp: () => void, stuck: readonly Promise<PeekError>[]) => Promise<void>,
  ): Promise<void> {
    await using own = await openTestDatabase();
    const plugins = names.map((name) =>
      pluginOf(name, migrations({ "0001_a.js": name === names[2] ? create("a") : never })),
    );
    await using storage = await openStorage(own, { plugins });
    const stop = new AbortController();
    const stuck = names.slice(0, 2).map((name) => caught(() => storage.migrate(name, stop.signal)));
    await untilAsked(async () => {
      const idle =
        "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND state = 'idle in transaction'";
      return (await own.query(idle)).length === 2;
    });
    await work(storage, () => stop.abort(), stuck);
    stop.abort();
    await Promise.all(stuck);
  }

  it("releases its permit, lock and connection when it is aborted", async () => {
    await whileStuck(async (storage, giveUp, stuck) => {
      const waiting = storage.migrate(names[2], signal);
      giveUp();
      for (const error of await Promise.all(stuck)) expect(error.code).toBe("STORAGE_CLOSED");
      expect(await waiting).toEqual(["0001_a"]);
    });
  });

  it("does not prevent the abort of a waiting migration", async () => {
    await whileStuck(async (storage, giveUp, stuck) => {
      const impatient = new AbortController();
      const waiting = storage.migrate(names[2], impatient.signal);
      impatient.abort();
      await expect(waiting).rejects.toThrow("abort");
      // An aborted waiter gets no permit.
      const next = storage.migrate(names[2], signal);
      giveUp();
      await Promise.all(stuck);
      expect(await next).toEqual(["0001_a"]);
    });
  });

  it("fails its plugin after migrateSeconds, and does not prevent the service from stopping", async () => {
    await using logic = await startService("logic", {
      allowFailed: true,
      plugins: [
        ...names.slice(0, 2).map((name) => writePlugin(name, { migrations: { "0001_a.js": never } })),
        writePlugin(names[2], { migrations: { "0001_a.js": create("a") } }),
      ],
      config: { plugin: { deadlines: { migrateSeconds: 0.5 } } },
    });
    expect(names.map((name) => logic.plugin(name).error?.code)).toEqual([
      "HOOK_TIMED_OUT",
      "HOOK_TIMED_OUT",
      undefined,
    ]);
    expect(logic.plugin(names[2]).state).toBe("started");
    await logic.stop();
    expect(logic.log.lines.filter((line) => line.includes("still in use"))).toEqual([]);
  });
});

describe("plugin.deadlines.migrateSeconds", () => {
  it("excludes the wait for the migrations of other plugins", async () => {
    const plugins = ["peek_plugin_a", "peek_plugin_b", "peek_plugin_c", "peek_plugin_d", "peek_plugin_e"];
    const slow = { "0001_a.js": sqlMigration("SELECT pg_sleep(0.6)") };
    await using logic = await startService("logic", {
      plugins: plugins.map((name) => writePlugin(name, { migrations: slow })),
      config: { plugin: { deadlines: { migrateSeconds: 1.2 } } },
    });
    expect(plugins.map((name) => logic.plugin(name).state)).toEqual(plugins.map(() => "started"));
  });
});

describe("dryRun()", () => {
  it("works in a database that Peek has never used, and leaves it unchanged", async () => {
    await using own = await openTestDatabase();
    const plugin = pluginOf("peek_plugin_pump", migrations({ "0001_a.js": create("a") }));
    await using storage = await openStorage(own, { plugins: [plugin], migrations: "await" });
    expect(await storage.dryRun(plugin.name, signal)).toEqual([
      { name: "0001_a", isReversible: true, statements: ["CREATE TABLE a (i int)"] },
    ]);
    expect(await own.query("SELECT 1 FROM pg_namespace WHERE nspname IN ('pl_pump', 'peek_platform')")).toEqual([]);
  });

  it("does not block provisioning when the plugin's schema exists", async () => {
    await using own = await openTestDatabase();
    const held = `SELECT FROM pg_locks JOIN pg_database ON pg_database.oid = pg_locks.database
      WHERE datname = current_database() AND locktype = 'advisory' AND objid = 0`;
    const look = `DO $$ BEGIN IF EXISTS (${held}) THEN RAISE 'held'; END IF; END $$`;
    const plugin = pluginOf("peek_plugin_pump", migrations({ "0001_a.js": sqlMigration(look) }));
    await using storage = await openStorage(own, { plugins: [plugin], migrations: "await" });
    await (await openStorage(own, { plugins: [plugin] }))[Symbol.asyncDispose]();
    expect(await storage.dryRun(plugin.name, signal)).toMatchObject([{ name: "0001_a" }]);
  });

  it("runs pending migrations, lists their statements, and leaves no trace", async () => {
    const subject = new Subject();
    subject.write({ "0001_a.js": create("a") });
    await subject.migrate();
    subject.write({ "0002_b.js": create("b"), "0003_c.js": sqlMigration("INSERT INTO b VALUES (1)") });
    expect(await subject.with((storage) => storage.dryRun(subject.name, signal))).toEqual([
      { name: "0002_b", isReversible: true, statements: ["CREATE TABLE b (i int)"] },
      { name: "0003_c", isReversible: false, statements: ["INSERT INTO b VALUES (1)"] },
    ]);
    expect([await subject.tables(), await subject.recorded()]).toEqual([["a"], ["0001_a"]]);
    expect(await subject.migrate()).toEqual(["0002_b", "0003_c"]);
    expect(await subject.with((storage) => storage.dryRun(subject.name, signal))).toEqual([]);
  });

  it("fails as the migration would, and leaves no trace", async () => {
    const subject = new Subject();
    subject.write({ "0001_a.js": create("a"), "0002_b.js": sqlMigration("SELECT 1 FROM nowhere") });
    const error = await subject.with((storage) => caught(() => storage.dryRun(subject.name, signal)));
    expect([error.code, error.message]).toEqual(["MIGRATION_FAILED", expect.stringContaining("nowhere")]);
    expect([await subject.tables(), await subject.recorded()]).toEqual([[], []]);
  });
});

describe("rollback()", () => {
  const three = async (): Promise<Subject> => {
    const subject = new Subject();
    subject.write({ "0001_a.js": create("a"), "0002_b.js": create("b"), "0010_c.js": create("c") });
    await subject.migrate();
    return subject;
  };

  it("reverts the last migration, which can be applied again", async () => {
    const subject = await three();
    expect(await subject.rollback()).toEqual(["0010_c"]);
    expect([await subject.tables(), await subject.recorded()]).toEqual([
      ["a", "b"],
      ["0001_a", "0002_b"],
    ]);
    expect(await subject.migrate()).toEqual(["0010_c"]);
  });

  it.each([
    ["a name", "0001_a", ["0010_c", "0002_b"]],
    ["a number", "2", ["0010_c"]],
    ["a number with zeros", "0010", []],
    ["before the first", "0", ["0010_c", "0002_b", "0001_a"]],
  ])("reverts to %s", async (_what, to, reverted) => {
    const subject = await three();
    expect(await subject.rollback(to)).toEqual(reverted);
    expect((await subject.recorded()).length).toBe(3 - reverted.length);
  });

  it("does nothing for a plugin that has none applied", async () => {
    const subject = new Subject();
    subject.write({ "0001_a.js": create("a") });
    expect(await subject.rollback()).toEqual([]);
  });

  it("rejects an unknown migration, and lists the known ones", async () => {
    const subject = await three();
    const error = await caught(() => subject.rollback("0003_d"));
    expect([error.code, error.message]).toEqual(["USAGE", expect.stringContaining("0001_a, 0002_b, 0010_c")]);
  });

  it("stops before a migration without down()", async () => {
    const subject = new Subject();
    subject.write({ "0001_a.js": sqlMigration("CREATE TABLE a ()"), "0002_b.js": create("b") });
    await subject.migrate();
    const error = await caught(() => subject.rollback("0"));
    expect([error.code, error.message]).toEqual(["MIGRATION_NOT_REVERSIBLE", expect.stringContaining("0001_a")]);
    expect(await subject.tables()).toEqual(["a"]);
  });

  it("reverts an edited migration by its present down(), if requested", async () => {
    const subject = new Subject();
    subject.write({ "0001_a.js": create("a"), "0002_b.js": sqlMigration("CREATE TABLE b ()") });
    await subject.migrate();
    subject.write({ "0002_b.js": sqlMigration("CREATE TABLE b (id int)", "DROP TABLE b") });
    const error = await caught(() => subject.rollback());
    expect([error.code, error.message]).toEqual(["MIGRATION_EDITED", expect.stringContaining("--edited")]);
    expect(await subject.rollback(undefined, true)).toEqual(["0002_b"]);
    expect(await subject.migrate()).toEqual(["0002_b"]);
    expect(await subject.tables()).toEqual(["a", "b"]);
  });

  it("leaves the schema unchanged when down() fails", async () => {
    const subject = new Subject();
    subject.write({ "0001_a.js": sqlMigration("CREATE TABLE a ()", "DROP TABLE a; SELECT 1 / 0") });
    await subject.migrate();
    const error = await caught(() => subject.rollback());
    expect([error.code, error.message]).toEqual(["MIGRATION_FAILED", expect.stringContaining("down() of")]);
    expect([await subject.tables(), await subject.recorded()]).toEqual([["a"], ["0001_a"]]);
  });
});
