import { sql } from "@peek/plugin-base/storage";
import fc from "fast-check";
import pg from "pg";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { lockKeys } from "../src/catalogue/advisoryLocks.ts";
import { roleNameOf, rolePassword, schemaNameOf } from "../src/provisioning/names.ts";
import {
  caught,
  column,
  enter,
  migrations,
  nameOf,
  openStorage,
  pluginFolder,
  pluginOf,
  signal,
  sqlMigration,
  TestLog,
  valueOf,
} from "./support.ts";
import { openTestDatabase, startService, type TestDatabase } from "./testing.ts";
import { writePlugin } from "./testPlugins.ts";

const pump = "peek_plugin_pump";
const valve = "peek_plugin_valve";

/** Creates an account with the given rights. @returns The URL by which it uses the test's database. */
async function account(
  database: TestDatabase,
  suffix: string,
  attributes: string,
): Promise<{ readonly role: string; readonly connectUrl: string }> {
  const role = `${await nameOf(database)}_${suffix}`;
  await database.query(`CREATE ROLE ${role} LOGIN PASSWORD 'pa55word' ${attributes}`);
  return { role, connectUrl: database.connectUrl.replace(/\/\/[^@]*@/, `//${role}:pa55word@`) };
}

/** Drops a role that another account has created before that account. */
async function dropRole(database: TestDatabase, role: string): Promise<void> {
  await database.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
}

/** The schemas of plugins in the test's database. */
async function schemas(database: TestDatabase): Promise<readonly unknown[]> {
  return await column(
    database,
    `SELECT nspname FROM pg_namespace WHERE nspname LIKE 'pl\\_%' OR nspname LIKE 'core\\_%' ORDER BY 1`,
  );
}

describe("The schema and role of a plugin", () => {
  it("are named after the plugin, and the role also after the database", async () => {
    await using database = await openTestDatabase();
    await using storage = await openStorage(database, { plugins: [pump, "peek_core_search"] });
    expect(await schemas(database)).toEqual(["core_search", "pl_pump"]);
    const name = await nameOf(database);
    expect(await database.query("SELECT name, schema, role FROM peek_platform.plugin ORDER BY name")).toEqual([
      { name: "peek_core_search", schema: "core_search", role: `${name}_core_search` },
      { name: pump, schema: "pl_pump", role: `${name}_pl_pump` },
    ]);
    expect(storage.status()).toMatchObject({ kind: "server", rolePerPlugin: true, available: true });
  });

  it("have unique names within PostgreSQL's limit, also for long names of plugins", async () => {
    const long = `peek_plugin_${"very_".repeat(17)}`;
    const plugins = [`${long}one`, `${long}two`];
    await using database = await openTestDatabase();
    await using storage = await openStorage(database, { plugins });
    await using one = enter(storage, plugins[0]);
    await using two = enter(storage, plugins[1]);
    await sql`CREATE TABLE t (i int); INSERT INTO t VALUES (1)`.execute(one.storage.db);
    const error = await caught(() => sql`SELECT * FROM t`.execute(two.storage.db));
    expect(error).toMatchObject({ code: "STORAGE_QUERY_FAILED", fields: { sqlState: "42P01" } });
    expect(new Set(await schemas(database)).size).toBe(2);
  });

  it("have names of at most 63 bytes that differ between plugins", () => {
    const nameOfPlugin = fc.stringMatching(/^[a-z][a-z0-9_]{0,100}$/).map((name) => `peek_plugin_${name}`);
    const databaseName = fc.string({ unit: "grapheme", minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(nameOfPlugin, nameOfPlugin, databaseName, (a, b, database) => {
        const names = [schemaNameOf(a), roleNameOf(database, schemaNameOf(a))];
        for (const name of names) {
          expect(Buffer.byteLength(name)).toBeLessThanOrEqual(63);
          expect(name.isWellFormed()).toBe(true);
        }
        expect(schemaNameOf(a) === schemaNameOf(b)).toBe(a === b);
      }),
    );
  });

  it("have names that split no character of the database's name", () => {
    for (const lead of ["", "a", "aa", "aaa"]) {
      expect(roleNameOf(`${lead}${"😀".repeat(20)}`, "pl_pump").isWellFormed()).toBe(true);
    }
  });

  it("are created once by services that start at the same time", async () => {
    await using database = await openTestDatabase();
    const plugins = [pump, valve];
    await using a = await openStorage(database, { plugins: [] });
    const opened = await Promise.all([1, 2, 3, 4].map(() => openStorage(database, { plugins })));
    for (const storage of opened) await storage[Symbol.asyncDispose]();
    expect(a.status().available).toBe(true);
    expect(await schemas(database)).toEqual(["pl_pump", "pl_valve"]);
  });

  it("deny plugins each other's tables, Peek's own tables, and creating schemas", async () => {
    await using database = await openTestDatabase();
    await using storage = await openStorage(database, { plugins: [pump, valve] });
    await using a = enter(storage, pump);
    await using b = enter(storage, valve);
    await sql`CREATE TABLE secret (i int)`.execute(b.storage.db);
    const reached = [
      "SELECT * FROM pl_valve.secret",
      "DROP TABLE pl_valve.secret",
      "SELECT * FROM peek_platform.setting",
      "UPDATE peek_platform.migration SET checksum = ''",
      "CREATE SCHEMA pl_other",
      "CREATE TABLE public.t (i int)",
      `SET ROLE ${await nameOf(database)}_pl_valve`,
    ];
    for (const statement of reached) {
      const error = await caught(() => sql.raw(statement).execute(a.storage.db));
      expect([statement, error.code, error.fields["sqlState"]]).toEqual([statement, "STORAGE_DENIED", "42501"]);
    }
    expect((await sql`SELECT * FROM secret`.execute(b.storage.db)).rows).toEqual([]);
  });

  it("are not shared by two databases on one server", async () => {
    await using one = await openTestDatabase();
    await using two = await openTestDatabase();
    await using first = await openStorage(one);
    await using second = await openStorage(two);
    await using a = enter(first);
    await using b = enter(second);
    const user = "SELECT current_user AS name";
    const [inOne, inTwo] = [await sql.raw(user).execute(a.storage.db), await sql.raw(user).execute(b.storage.db)];
    expect(inOne.rows).not.toEqual(inTwo.rows);
  });
});

describe("A schema that exists already", () => {
  it("fails the plugin that needs it and no other", async () => {
    await using database = await openTestDatabase();
    await database.query("CREATE SCHEMA pl_pump");
    await using logic = await startService("logic", {
      allowFailed: true,
      database,
      plugins: [writePlugin(pump), writePlugin(valve)],
    });
    expect(logic.plugin(pump)).toMatchObject({ state: "failed", error: { code: "STORAGE_SCHEMA_TAKEN" } });
    expect(logic.plugin(pump).error?.message).toContain("pl_pump");
    expect(logic.plugin(valve).state).toBe("started");
  });
});

describe("A role that exists already", () => {
  it.each(["SUPERUSER", "CREATEROLE", "CREATEDB", "REPLICATION", "BYPASSRLS"])(
    "with %s fails the plugin that needs it and no other",
    async (right) => {
      await using database = await openTestDatabase();
      const role = `${await nameOf(database)}_pl_pump`;
      await database.query(`CREATE ROLE ${role} ${right}`);
      await using storage = await openStorage(database, { plugins: [pump, valve] });
      const error = await caught(() => storage.migrate(pump, signal));
      expect(error).toMatchObject({ code: "STORAGE_ROLE_TAKEN", fields: { plugin: pump, role } });
      expect(error.message).toContain(`run ALTER ROLE "${role}" NO${right}.`);
      expect(await storage.migrate(valve, signal)).toEqual([]);
      expect(await schemas(database)).toEqual(["pl_valve"]);
      await database.query(`ALTER ROLE ${role} NO${right}`);
      await using repaired = await openStorage(database, { plugins: [pump, valve] });
      expect(await repaired.migrate(pump, signal)).toEqual([]);
    },
  );

  it("that the account may not alter fails its plugin and no other", async (context) => {
    await using database = await openTestDatabase();
    const version = Number(await valueOf(database, "SELECT current_setting('server_version_num')"));
    context.skip(version < 160_000, "who makes roles may alter any ordinary one");
    const { role: user, connectUrl } = await account(database, "maker", "CREATEROLE");
    const name = await nameOf(database);
    const role = `${name}_pl_pump`;
    await database.query(`GRANT CREATE ON DATABASE ${name} TO ${user}; CREATE ROLE ${role}`);
    {
      await using storage = await openStorage({ connectUrl }, { plugins: [pump, valve] });
      const error = await caught(() => storage.migrate(pump, signal));
      expect(error).toMatchObject({ code: "STORAGE_ROLE_TAKEN", fields: { plugin: pump, role } });
      await using entered = enter(storage, valve);
      expect((await sql`SELECT 1 AS one`.execute(entered.storage.db)).rows).toEqual([{ one: 1 }]);
      expect(error.message).toContain(`GRANT "${role}" TO "${user}" WITH ADMIN OPTION`);
    }
    await database.query(`GRANT ${role} TO ${user} WITH ADMIN OPTION`);
    {
      await using storage = await openStorage({ connectUrl }, { plugins: [pump, valve] });
      await using entered = enter(storage);
      expect((await sql`SELECT 1 AS one`.execute(entered.storage.db)).rows).toEqual([{ one: 1 }]);
    }
    for (const each of [role, `${name}_pl_valve`]) await dropRole(database, each);
  });
});

describe("The schema public of a database from before PostgreSQL 15", () => {
  it("is closed to plugins when their schemas are created", async () => {
    await using database = await openTestDatabase();
    await database.query("GRANT CREATE ON SCHEMA public TO PUBLIC");
    const log = new TestLog();
    await using storage = await openStorage(database, { log });
    await using entered = enter(storage);
    const error = await caught(() => sql`CREATE TABLE public.t (i int)`.execute(entered.storage.db));
    expect(error.code).toBe("STORAGE_DENIED");
    expect(log.of("warning")).toEqual([]);
  });

  it("stays open, with a warning, when another account owns it", async () => {
    await using database = await openTestDatabase();
    const { role, connectUrl } = await account(database, "maker", "CREATEROLE");
    const name = await nameOf(database);
    await database.query(`GRANT CREATE ON DATABASE ${name} TO ${role}; GRANT CREATE ON SCHEMA public TO PUBLIC`);
    const log = new TestLog();
    await (await openStorage({ connectUrl }, { log }))[Symbol.asyncDispose]();
    expect(log.of("warning")).toEqual([expect.stringContaining("REVOKE CREATE ON SCHEMA public FROM PUBLIC")]);
    await dropRole(database, `${name}_pl_pump`);
  });
});

describe("The account of storage.connectUrl", () => {
  it("shares its connection limit among all plugins when they use it", async () => {
    await using database = await openTestDatabase();
    const { role, connectUrl } = await account(database, "plain", "CONNECTION LIMIT 7");
    await database.query(`GRANT CREATE ON DATABASE ${await nameOf(database)} TO ${role}`);
    const log = new TestLog();
    await (await openStorage({ connectUrl }, { plugins: [pump, valve], log }))[Symbol.asyncDispose]();
    expect(log.of("warning")).toContainEqual(expect.stringContaining("the server allows 7: they share 2"));
  });

  it("is used by all plugins when it may not create roles, with a warning", async () => {
    await using database = await openTestDatabase();
    const { role, connectUrl } = await account(database, "plain", "");
    await database.query(`GRANT CREATE ON DATABASE ${await nameOf(database)} TO ${role}`);
    const log = new TestLog();
    {
      await using storage = await openStorage({ connectUrl }, { plugins: [pump, valve], log });
      await using entered = enter(storage);
      await sql`CREATE TABLE t (i int)`.execute(entered.storage.db);
      expect((await sql`SELECT current_user AS name`.execute(entered.storage.db)).rows).toEqual([{ name: role }]);
      expect(storage.status().rolePerPlugin).toBe(false);
    }
    expect(log.of("warning")).toEqual([expect.stringContaining(`ALTER ROLE "${role}" CREATEROLE`)]);
  });

  it("migrates with its own role when it may not create roles, also after SET ROLE", async () => {
    await using database = await openTestDatabase();
    const { role, connectUrl } = await account(database, "member", "");
    await database.query(
      `CREATE ROLE ${role}s; GRANT ${role}s TO ${role}; ALTER ROLE ${role} SET role TO ${role}s;
       GRANT CREATE ON DATABASE ${await nameOf(database)} TO ${role}s`,
    );
    const dir = migrations({ "0001_t.js": sqlMigration("CREATE TABLE t ()"), "0002_u.js": sqlMigration("SELECT 1") });
    await using storage = await openStorage({ connectUrl }, { plugins: [pluginOf(pump, dir)] });
    expect(await storage.migrate(pump, signal)).toEqual(["0001_t", "0002_u"]);
    expect(await column(database, "SELECT tableowner FROM pg_tables WHERE schemaname = 'pl_pump'")).toEqual([
      `${role}s`,
    ]);
  });

  it("gives plugins roles and their objects at the next start when it may create roles", async () => {
    await using database = await openTestDatabase();
    const { role, connectUrl } = await account(database, "growing", "");
    await database.query(`GRANT CREATE ON DATABASE ${await nameOf(database)} TO ${role}`);
    {
      await using storage = await openStorage({ connectUrl });
      await using entered = enter(storage);
      await sql`CREATE TABLE t (i int); INSERT INTO t VALUES (7)`.execute(entered.storage.db);
    }
    await database.query(`ALTER ROLE ${role} CREATEROLE`);
    const log = new TestLog();
    {
      await using storage = await openStorage({ connectUrl }, { log });
      await using entered = enter(storage);
      expect((await sql`DELETE FROM t RETURNING i, current_user AS name`.execute(entered.storage.db)).rows).toEqual([
        { i: 7, name: `${await nameOf(database)}_pl_pump` },
      ]);
    }
    expect(log.of("warning")).toEqual([]);
    await dropRole(database, `${await nameOf(database)}_pl_pump`);
  });

  it("provisions schemas without being a superuser, also again after a restore", async () => {
    await using database = await openTestDatabase();
    const { role, connectUrl } = await account(database, "maker", "CREATEROLE");
    const name = await nameOf(database);
    await database.query(`GRANT CREATE ON DATABASE ${name} TO ${role}`);
    for (const attempt of [1, 2]) {
      const log = new TestLog();
      await using storage = await openStorage({ connectUrl }, { log });
      await using entered = enter(storage);
      expect((await sql`SELECT current_user AS name`.execute(entered.storage.db)).rows).toEqual([
        { name: `${name}_pl_pump` },
      ]);
      expect([attempt, log.of("warning")]).toEqual([attempt, []]);
      await database.query("DROP SCHEMA pl_pump");
    }
    await dropRole(database, `${name}_pl_pump`);
  });

  it("is rejected with the missing right when it may not create schemas", async () => {
    await using database = await openTestDatabase();
    const { role, connectUrl } = await account(database, "poor", "CREATEROLE");
    const error = await caught(() => openStorage({ connectUrl }));
    expect(error.code).toBe("STORAGE_REFUSED");
    expect(error.message).toContain(`GRANT CREATE ON DATABASE "${await nameOf(database)}" TO "${role}"`);
    expect(error.message).not.toContain("pa55word");
  });

  it("is rejected when another account has created Peek's own tables", async () => {
    await using database = await openTestDatabase();
    await (await openStorage(database))[Symbol.asyncDispose]();
    const { connectUrl } = await account(database, "other", "CREATEROLE");
    const error = await caught(() => openStorage({ connectUrl }));
    expect([error.code, error.message]).toEqual(["STORAGE_REFUSED", expect.stringContaining("peek_platform")]);
  });
});

describe("A database that was restored without its roles", () => {
  /** One object of each type that a schema can contain. */
  const things = `
    CREATE TABLE pump (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, old serial, level int);
    CREATE INDEX ON pump (level);
    CREATE STATISTICS pump_levels ON old, level FROM pump;
    CREATE TABLE reading (at date) PARTITION BY RANGE (at);
    CREATE TABLE reading_2026 PARTITION OF reading FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
    CREATE SEQUENCE ticket;
    CREATE VIEW high AS SELECT * FROM pump WHERE level > 10;
    CREATE MATERIALIZED VIEW sums AS SELECT sum(level) FROM pump;
    CREATE TYPE mood AS ENUM ('calm', 'loud');
    CREATE TYPE pair AS (a int, b int);
    CREATE DOMAIN percent AS int CHECK (VALUE <= 100);
    CREATE TYPE span AS RANGE (subtype = int);
    CREATE FUNCTION "Twice"(i int) RETURNS int LANGUAGE sql AS 'SELECT 2 * i';
    CREATE FUNCTION "Twice"(i text) RETURNS text LANGUAGE sql AS 'SELECT i || i';
    CREATE PROCEDURE reset() LANGUAGE sql AS 'DELETE FROM pump';
    CREATE AGGREGATE total(int) (SFUNC = int4pl, STYPE = int, INITCOND = '0');
    CREATE OPERATOR === (LEFTARG = int, RIGHTARG = int, FUNCTION = int4eq);
    CREATE COLLATION plain FROM "C";
    CREATE TEXT SEARCH CONFIGURATION words (COPY = pg_catalog.simple);
  `;
  /** The objects that the role does not own, without dependent objects of range types. */
  const notOwned = (role: string): string => `
    SELECT name FROM (
      SELECT 'schema' AS name, nspowner AS owner FROM pg_namespace WHERE nspname = 'pl_pump'
      UNION ALL SELECT relname, relowner FROM pg_class WHERE relnamespace = 'pl_pump'::regnamespace
      UNION ALL SELECT proname, proowner FROM pg_proc WHERE pronamespace = 'pl_pump'::regnamespace
        AND prosrc NOT LIKE '%range_constructor%'
      UNION ALL SELECT typname, typowner FROM pg_type WHERE typnamespace = 'pl_pump'::regnamespace
        AND typelem = 0 AND typtype <> 'm'
      UNION ALL SELECT stxname, stxowner FROM pg_statistic_ext WHERE stxnamespace = 'pl_pump'::regnamespace
      UNION ALL SELECT oprname, oprowner FROM pg_operator WHERE oprnamespace = 'pl_pump'::regnamespace
      UNION ALL SELECT collname, collowner FROM pg_collation WHERE collnamespace = 'pl_pump'::regnamespace
      UNION ALL SELECT cfgname, cfgowner FROM pg_ts_config WHERE cfgnamespace = 'pl_pump'::regnamespace
    ) AS things WHERE owner <> '${role}'::regrole
  `;

  it.each([
    ["are gone", (role: string) => `DROP ROLE ${role}`],
    ["are there, but own nothing", () => "SELECT"],
  ])("works as before when its roles %s: they own all objects again", async (_how, change) => {
    await using database = await openTestDatabase();
    const role = `${await nameOf(database)}_pl_pump`;
    {
      await using storage = await openStorage(database);
      await using entered = enter(storage);
      await sql.raw(things).execute(entered.storage.db);
    }
    await database.query(`REASSIGN OWNED BY ${role} TO CURRENT_USER; DROP OWNED BY ${role}`);
    expect((await column(database, notOwned(role))).length).toBeGreaterThan(20);
    await database.query(change(role));
    await using storage = await openStorage(database);
    await using entered = enter(storage);
    expect(await column(database, notOwned(role))).toEqual([]);
    await sql`INSERT INTO pump (level) VALUES (11); ALTER TABLE reading ADD c int; REFRESH MATERIALIZED VIEW sums`.execute(
      entered.storage.db,
    );
    expect((await sql`SELECT "Twice"(level) FROM high`.execute(entered.storage.db)).rows).toEqual([{ Twice: 22 }]);
  });

  it("gets a missing schema again, empty", async () => {
    await using database = await openTestDatabase();
    await (await openStorage(database))[Symbol.asyncDispose]();
    await database.query("DROP SCHEMA pl_pump");
    await using storage = await openStorage(database);
    await using entered = enter(storage);
    await sql`CREATE TABLE t (i int)`.execute(entered.storage.db);
    expect(await schemas(database)).toEqual(["pl_pump"]);
  });
});

describe("A schema that was dropped by hand", () => {
  const dir = (): string => migrations({ "0001_t.js": sqlMigration("CREATE TABLE t ()") });

  it("fails the plugin with applied migrations, names the remedy, and is not created again", async () => {
    await using database = await openTestDatabase();
    const plugins = [pluginOf(pump, dir()), pluginOf(valve, dir())];
    {
      await using storage = await openStorage(database, { plugins });
      for (const { name } of plugins) await storage.migrate(name, signal);
    }
    await database.query("DROP SCHEMA pl_pump CASCADE");
    {
      await using storage = await openStorage(database, { plugins });
      const error = await caught(() => storage.migrate(pump, signal));
      expect([error.code, error.exitCode, error.fields]).toEqual([
        "STORAGE_SCHEMA_GONE",
        78,
        { plugin: pump, schema: "pl_pump" },
      ]);
      expect(error.message).toContain("Restore");
      expect(error.message).toContain(`DELETE FROM peek_platform.migration WHERE plugin = '${pump}'`);
      expect(await storage.migrate(valve, signal)).toEqual([]);
    }
    {
      await using storage = await openStorage(database, { plugins, migrations: "await" });
      expect((await caught(() => storage.dryRun(pump, signal))).code).toBe("STORAGE_SCHEMA_GONE");
    }
    expect(await schemas(database)).toEqual(["pl_valve"]);
    // The statements that the message suggests to start over.
    await database.query(
      `DELETE FROM peek_platform.migration WHERE plugin = '${pump}'; DELETE FROM peek_platform.plugin WHERE name = '${pump}'`,
    );
    await using storage = await openStorage(database, { plugins });
    expect(await storage.migrate(pump, signal)).toEqual(["0001_t"]);
  });
});

describe("Provisioning while another process provisions", () => {
  /** Opens a storage while another client holds the provisioning lock. */
  async function whileLocked(
    work: (
      opening: ReturnType<typeof openStorage>,
      unlock: () => Promise<void>,
      stop: AbortController,
    ) => Promise<void>,
  ): Promise<void> {
    await using database = await openTestDatabase();
    const other = new pg.Client({ connectionString: database.connectUrl });
    await other.connect();
    try {
      await other.query(`SELECT pg_advisory_lock(${lockKeys("provisioning")})`);
      const log = new TestLog();
      const stop = new AbortController();
      const opening = openStorage(database, { log, signal: stop.signal, config: { acquireTimeoutSeconds: 1 } });
      await log.waitFor("Another process is creating schemas");
      await work(opening, () => other.end(), stop);
      expect(log.of("info").filter((line) => line.includes("creating schemas")).length).toBe(1);
    } finally {
      await other.end();
    }
  }

  it("waits for the other process, logs that once, and continues", async () => {
    await whileLocked(async (opening, unlock) => {
      await unlock();
      await (await opening)[Symbol.asyncDispose]();
    });
  });

  it("is aborted at once when the service stops", async () => {
    await whileLocked(async (opening, _unlock, stop) => {
      stop.abort();
      await expect(opening).rejects.toThrow("was aborted");
    });
  });
});

describe("The password of a plugin's role", () => {
  /** Whether the server requires passwords. */
  async function asks(database: TestDatabase): Promise<boolean> {
    const { connectUrl } = await account(database, "probe", "");
    const client = new pg.Client({ connectionString: connectUrl.replace("pa55word", "wrong") });
    try {
      await client.connect();
      return false;
    } catch {
      return true;
    } finally {
      await client.end().catch(() => undefined);
    }
  }

  it("is reset when it was changed by hand, or a backup had another secret", async (context) => {
    await using database = await openTestDatabase();
    context.skip(!(await asks(database)), "the server asks nobody for a password");
    const log = new TestLog();
    await using storage = await openStorage(database, { log });
    await database.query(`ALTER ROLE ${await nameOf(database)}_pl_pump PASSWORD 'changed'`);
    await using entered = enter(storage);
    expect((await sql`SELECT 1 AS one`.execute(entered.storage.db)).rows).toEqual([{ one: 1 }]);
    expect(log.of("warning")).toEqual([expect.stringContaining("Reset the password of the role")]);
    expect(log.of("error")).toEqual([]);
  });

  it("is not reset when another process has set it with a newer secret", async (context) => {
    await using database = await openTestDatabase();
    context.skip(!(await asks(database)), "the server asks nobody for a password");
    const logs = [new TestLog(), new TestLog()] as const;
    await using old = await openStorage(database, { log: logs[0] });
    await database.query("UPDATE peek_platform.setting SET value = 'restored' WHERE key = 'secret'");
    await using restored = await openStorage(database, { log: logs[1] });
    for (const storage of [restored, old, restored, old]) {
      await using entered = enter(storage);
      expect((await sql`SELECT 1 AS one`.execute(entered.storage.db)).rows).toEqual([{ one: 1 }]);
    }
    expect(logs.map((log) => log.of("warning").length)).toEqual([0, 1]);
  });

  it("occurs in no statement to the server, and neither does the secret", async () => {
    await using database = await openTestDatabase();
    const query = vi.spyOn(pg.Client.prototype, "query");
    onTestFinished(() => query.mockRestore());
    await (await openStorage(database))[Symbol.asyncDispose]();
    const sent = query.mock.calls.map((call: readonly unknown[]) => JSON.stringify(call)).join("\n");
    const secret = String(await valueOf(database, "SELECT value FROM peek_platform.setting WHERE key = 'secret'"));
    expect(secret).toMatch(/^[0-9a-f]{96}$/);
    expect(sent).toContain("SCRAM-SHA-256$4096:");
    expect(sent).not.toContain(secret);
    expect(sent).not.toContain(rolePassword(secret, `${await nameOf(database)}_pl_pump`));
  });

  it("differs for every role and database, and cannot be derived from their names", () => {
    const passwords = ["a", "b"].flatMap((secret) => ["x", "y"].map((role) => rolePassword(secret, role)));
    expect(new Set(passwords).size).toBe(4);
    for (const password of passwords) expect(password).toMatch(/^[\w-]{43}$/);
  });
});

describe("Peek's own tables", () => {
  it("of a newer Peek are not used", async () => {
    await using database = await openTestDatabase();
    await (await openStorage(database))[Symbol.asyncDispose]();
    await database.query("UPDATE peek_platform.setting SET value = '2' WHERE key = 'layout'");
    expect(await caught(() => openStorage(database))).toMatchObject({ code: "STORAGE_TOO_NEW", fields: { layout: 2 } });
  });

  it("are read at the second start with as many statements as without plugins", async () => {
    await using database = await openTestDatabase();
    const dir = migrations({ "0001_t.js": sqlMigration("CREATE TABLE t ()") }, pluginFolder());
    const plugins = Array.from({ length: 30 }, (_, index) => pluginOf(`peek_plugin_p${index}`, dir));
    {
      await using storage = await openStorage(database, { plugins });
      for (const { name } of plugins) await storage.migrate(name, signal);
    }
    const query = vi.spyOn(pg.Client.prototype, "query");
    onTestFinished(() => query.mockRestore());
    await using storage = await openStorage(database, { plugins });
    for (const { name } of plugins) expect(await storage.migrate(name, signal)).toEqual([]);
    expect(query.mock.calls.map(([statement]: readonly unknown[]) => statement)).toEqual([
      expect.stringContaining("set_config"),
      expect.stringContaining("is_standby"),
      // A second connection, to see that it has a session of its own.
      expect.stringContaining("set_config"),
      expect.stringContaining("pg_backend_pid"),
      expect.stringContaining("peek_platform.plugin"),
    ]);
  });
});
