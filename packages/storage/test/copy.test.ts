import { join } from "node:path";
import { serviceConfigSchema } from "@peek/config";
import { PeekError } from "@peek/errors";
import type { Logger } from "@peek/plugin-base";
import { copyDatabase, type CopyReport, type TableProgress } from "../src/copy/index.ts";
import { Storage, type StorageOptions } from "../src/index.ts";
import { describe, expect, it } from "vitest";
import { migrations, pluginOf, sqlMigration } from "./support.ts";
import { openTestDatabase, type TestDatabase } from "./testing.ts";

const ignore = (): void => undefined;
const logger: Logger = {
  ...{ debug: ignore, info: ignore, warning: ignore, error: ignore, critical: ignore },
  isLevelEnabled: () => false,
};

const fixture = {
  name: "peek_plugin_fixture",
  version: "1.0.0",
  migrationsDir: join(import.meta.dirname, "copyFixture"),
};
const plain = { name: "peek_plugin_plain", version: "1.0.0", migrationsDir: undefined };

function optionsFor(database: TestDatabase, options: Partial<StorageOptions> = {}): StorageOptions {
  return {
    title: "peek storage copy",
    config: serviceConfigSchema.parse({ storage: { connectUrl: database.connectUrl, retrySeconds: 0 } }).storage,
    embeddedDir: "",
    embedded: "find",
    migrations: "await",
    plugins: [fixture, plain],
    getLogger: () => logger,
    signal: new AbortController().signal,
    ...options,
  };
}

/** A database with the fixture's schema, migrated. */
async function openSource(): Promise<TestDatabase> {
  const database = await openTestDatabase();
  await migrate(database);
  return database;
}

async function migrate(database: TestDatabase, plugins: StorageOptions["plugins"] = [fixture, plain]): Promise<void> {
  await using storage = await Storage.open(optionsFor(database, { migrations: "apply", plugins }));
  for (const { name } of plugins) await storage.migrate(name, new AbortController().signal);
}

/** An empty database whose owner is an ordinary account. */
async function ownedBy(rights: string): Promise<TestDatabase> {
  const database = await openTestDatabase();
  const [row] = await database.query("SELECT current_database() AS name");
  const name = String(row?.["name"]);
  const account = `${name}_owner`;
  await database.query(
    `CREATE ROLE ${account} LOGIN ${rights} PASSWORD 'secret'; ALTER DATABASE ${name} OWNER TO ${account}`,
  );
  return { ...database, connectUrl: database.connectUrl.replace(/\/\/[^@]*@/, `//${account}:secret@`) };
}

interface CopyInput {
  readonly options?: Partial<StorageOptions>;
  readonly without?: readonly string[];
  readonly onTable?: (table: TableProgress) => void;
}

async function copy(from: TestDatabase, to: TestDatabase, input: CopyInput = {}): Promise<CopyReport> {
  const { options, without = [], onTable = ignore } = input;
  await using source = await Storage.open(optionsFor(from, options));
  return await copyDatabase({ source, target: optionsFor(to, options), without, onTable });
}

/** The code and message of a promise's error. */
async function refusalOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    if (PeekError.is(error)) return `${error.code}: ${error.message}`;
    throw error;
  }
  return "none";
}

/** The schemas and roles of Peek that a database has. */
async function left(database: TestDatabase): Promise<unknown> {
  return await database.query(
    `SELECT nspname FROM pg_namespace WHERE nspname ~ '^(pl_|peek_)'
     UNION ALL SELECT rolname FROM pg_roles WHERE rolname LIKE current_database() || '%'`,
  );
}

const tables = ["everything", "zulu", "alpha", "reading_2025", "reading_rest", "parent", "child", "checked", "seeded"];

async function contentsOf(database: TestDatabase): Promise<unknown> {
  const views = ["total", "zz_stored", "aa_stored"];
  const of = async (name: string): Promise<unknown> => [
    name,
    await database.query(`SELECT t::text AS row FROM ONLY pl_fixture.${name} AS t ORDER BY 1`),
  ];
  return await Promise.all([...tables, ...views].map(of));
}

async function fill(database: TestDatabase): Promise<void> {
  await database.query(String.raw`
    INSERT INTO pl_fixture.everything
      ("odd Name", bytes, document, amount, at, span, day, ratio, big, texts, grid, mood, price)
    VALUES
      (E'tab\t newline\n return\r backslash\\ quote'' \\. \\N', '\x00ff5c0a', '{"a": [1, "ü", null], "b": "\\"}',
        123456789012345678901234567890.123456789, '2026-03-29 01:30:00.123456+00', '1 year -2 days 03:04:05.678',
        '9999-12-31', 0.1::float8 + 0.2, 9223372036854775807, ARRAY['a,b', '{"x"}', NULL, '', 'NULL', '日本'],
        '{{1,2},{3,4}}', 'it''s bad', '1234.56'),
      ('', '', 'null', 'NaN', '-infinity', '0', 'infinity', '-Infinity', -1, '{}', '{}', 'good', '-0.01'),
      (NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
      ('😀 \. end', NULL, '"\u0041"', 0.10, '0044-03-15 12:00:00+00 BC', NULL, NULL, 5e-324, 7, NULL, NULL, NULL, NULL);
    DELETE FROM pl_fixture.everything WHERE big = 7;
    BEGIN;
      INSERT INTO pl_fixture.alpha VALUES (1, 2);
      INSERT INTO pl_fixture.zulu VALUES (2, NULL, 1), (1, 2, NULL);
      UPDATE pl_fixture.zulu SET parent = 1 WHERE id = 2;
    COMMIT;
    INSERT INTO pl_fixture.reading VALUES ('2025-05-05', 5), ('2030-01-01', 30);
    INSERT INTO pl_fixture.parent VALUES (1);
    INSERT INTO pl_fixture.child VALUES (2, 'two');
    INSERT INTO pl_fixture.nothing DEFAULT VALUES;
    DELETE FROM pl_fixture.seeded WHERE key = 'b';
    UPDATE pl_fixture.seeded SET value = 'changed';
    REFRESH MATERIALIZED VIEW pl_fixture.zz_stored;
    REFRESH MATERIALIZED VIEW pl_fixture.aa_stored;
    SELECT nextval('pl_fixture.ticket'), nextval('pl_fixture.ticket');
  `);
}

describe("copyDatabase()", () => {
  it.each([
    ["a superuser", undefined],
    ["one that makes roles", "CREATEROLE"],
    ["one that makes none", "NOCREATEROLE"],
  ])("copies every row unchanged, with the account of %s", async (_, rights) => {
    const open = async (): Promise<TestDatabase> => await (rights === undefined ? openTestDatabase() : ownedBy(rights));
    await using from = await open();
    await using to = await open();
    await migrate(from);
    await fill(from);
    const told: string[] = [];
    const report = await copy(from, to, { onTable: ({ name, rows }) => told.push(`${name} ${rows}`) });
    expect(report).toMatchObject({ plugins: [fixture.name, plain.name], tables: 10, rows: 13 });
    expect(told).toContain("everything 3");
    expect(told).toContain("nothing 1");
    expect(await contentsOf(to)).toEqual(await contentsOf(from));
    expect(await to.query("SELECT key, value FROM pl_fixture.seeded")).toEqual([{ key: "a", value: "changed" }]);
    expect(await to.query("SELECT more FROM pl_fixture.aa_stored")).toEqual([{ more: "36" }]);
    for (const database of [from, to]) {
      expect(
        await database.query(`
          INSERT INTO pl_fixture.everything DEFAULT VALUES
          RETURNING id, counted, nextval('pl_fixture.ticket')::int AS ticket`),
      ).toEqual([{ id: 5, counted: 5, ticket: 110 }]);
    }
    const things = `
      SELECT conname, pg_get_constraintdef(oid) AS is, obj_description(oid) AS comment FROM pg_constraint
        WHERE connamespace = 'pl_fixture'::regnamespace AND contype <> 'n'
      UNION ALL SELECT tgname, tgenabled::text, NULL FROM pg_trigger
        WHERE tgrelid = 'pl_fixture.seeded'::regclass
      UNION ALL SELECT relname, relispopulated::text, NULL FROM pg_class WHERE relkind = 'm'
      UNION ALL SELECT name, checksum, NULL FROM peek_platform.migration
      UNION ALL SELECT key, NULL, NULL FROM peek_platform.setting ORDER BY 1, 2`;
    expect(await to.query(things)).toEqual(await from.query(things));
  });

  it("runs functions of a plugin's tables with the plugin's role", async () => {
    const file = sqlMigration(`
      CREATE TABLE kind (name text PRIMARY KEY);
      CREATE FUNCTION is_kind(name text) RETURNS boolean LANGUAGE plpgsql AS
        'BEGIN RETURN EXISTS (SELECT FROM kind WHERE kind.name = is_kind.name); END';
      CREATE FUNCTION who(name text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN current_user; END';
      CREATE FUNCTION is_short(name text) RETURNS boolean LANGUAGE plpgsql AS
        'BEGIN RETURN length(who(name)) > length(name); END';
      CREATE DOMAIN kind_name AS text CHECK (is_short(VALUE));
      CREATE TABLE item (
        name kind_name REFERENCES kind, by text GENERATED ALWAYS AS (who(name)) STORED, CONSTRAINT known CHECK (is_kind(name))
      );
      CREATE INDEX ON item (who(name));
      ALTER TABLE item FORCE ROW LEVEL SECURITY;
      CREATE MATERIALIZED VIEW refreshed AS SELECT current_user::text AS by;
    `);
    const plugins = [pluginOf("peek_plugin_writer", migrations({ "0001_create.js": file }))];
    await using from = await openTestDatabase();
    await using to = await openTestDatabase();
    await migrate(from, plugins);
    await from.query(
      "SET search_path TO pl_writer; INSERT INTO kind VALUES ('x'); INSERT INTO item VALUES ('x'); RESET search_path",
    );
    await copy(from, to, { options: { plugins } });
    const role = (await to.query("SELECT role FROM peek_platform.plugin"))[0]?.["role"];
    expect(await to.query("SELECT name, by FROM pl_writer.item")).toEqual([{ name: "x", by: role }]);
    expect(await to.query("SELECT by FROM pl_writer.refreshed")).toEqual([{ by: role }]);
    expect(await to.query("SELECT relname FROM pg_class WHERE relforcerowsecurity")).toEqual([{ relname: "item" }]);
  });

  it("gives code of a plugin no rights of the account that owns the database", async () => {
    const climb = `
      CREATE FUNCTION try_to_climb(by text) RETURNS void LANGUAGE plpgsql AS $$ BEGIN
        PERFORM set_config('role', 'none', true);
        EXECUTE format('CREATE ROLE %I SUPERUSER', current_database() || '_' || by);
      EXCEPTION WHEN insufficient_privilege OR duplicate_object THEN NULL;
      END $$;
      CREATE FUNCTION climb(by text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN
        IF current_setting('peek.migration', true) IS DISTINCT FROM 'on' THEN
          PERFORM pl_climber.try_to_climb(by);
        END IF;
        RETURN session_user;
      END $$;`;
    const file = sqlMigration(`
      ${climb}
      CREATE TABLE computed (id int, by text GENERATED ALWAYS AS (climb('generated')) STORED);
      CREATE TABLE checked (id int, CHECK (climb('checked') <> ''));
      CREATE DOMAIN checked_id AS int CHECK (climb('domain') <> '');
      CREATE TABLE in_domain (id checked_id);
      CREATE TABLE indexed (id int);
      CREATE INDEX ON indexed (climb('index'));
      CREATE TABLE put_off (id int);
      CREATE FUNCTION put_off() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM climb('deferred'); RETURN NULL; END $$;
      CREATE CONSTRAINT TRIGGER put_off AFTER INSERT ON put_off DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION put_off();
      ALTER TABLE put_off ENABLE ALWAYS TRIGGER put_off;
      CREATE MATERIALIZED VIEW stored AS SELECT climb('view') AS by WITH NO DATA;
    `);
    const plugins = [pluginOf("peek_plugin_climber", migrations({ "0001_create.js": file }))];
    await using from = await openTestDatabase();
    await using to = await openTestDatabase();
    await migrate(from, plugins);
    const names = ["computed", "checked", "in_domain", "indexed", "put_off"];
    await from.query(`
      BEGIN; SET LOCAL search_path TO pl_climber; SET LOCAL peek.migration TO 'on';
      ${names.map((name) => `INSERT INTO ${name} (id) VALUES (1);`).join(" ")}
      REFRESH MATERIALIZED VIEW stored; COMMIT`);
    const climbed = "SELECT rolname FROM pg_roles WHERE starts_with(rolname, current_database() || '_') AND rolsuper";
    await copy(from, to, { options: { plugins } });
    const roles = await to.query(climbed);
    for (const { rolname } of roles) await to.query(`DROP ROLE "${String(rolname)}"`);
    expect(roles).toEqual([]);
    const [target] = await to.query("SELECT role FROM peek_platform.plugin");
    expect(await to.query("SELECT by FROM pl_climber.computed UNION SELECT by FROM pl_climber.stored")).toEqual([
      { by: target?.["role"] },
    ]);
  });

  it("rejects a target that Peek uses, such as the source itself", async () => {
    await using from = await openSource();
    await using to = await openSource();
    const refusal = /^STORAGE_COPY_REFUSED: The database to copy to .* is in use by Peek already/;
    expect(await refusalOf(copy(from, to))).toMatch(refusal);
    expect(await refusalOf(copy(from, from))).toMatch(refusal);
    expect(await to.query("SELECT count(*)::int AS count FROM peek_platform.plugin")).toEqual([{ count: 2 }]);
  });

  it("rejects schemas of plugins that are not enabled, unless they are left behind", async () => {
    await using from = await openSource();
    await using to = await openTestDatabase();
    const options = { plugins: [fixture] };
    expect(await refusalOf(copy(from, to, { options }))).toMatch(/not enabled.*peek_plugin_plain.*--without/);
    expect(await left(to)).toEqual([]);
    expect(await refusalOf(copy(from, to, { options, without: ["peek_plugin_x"] }))).toMatch(/^USAGE: .*peek_plugin_x/);
    await copy(from, to, { options, without: [plain.name] });
    expect(await to.query("SELECT name FROM peek_platform.plugin")).toEqual([{ name: fixture.name }]);
  });

  it("rejects a source with pending or edited migrations", async () => {
    await using from = await openSource();
    await using to = await openTestDatabase();
    await from.query("DELETE FROM peek_platform.migration");
    expect(await refusalOf(copy(from, to))).toMatch(/peek_plugin_fixture\. Run peek storage migrate first/);
    expect(await left(to)).toEqual([]);
  });

  it.each([
    ["CREATE TABLE pl_fixture.besides (id int)", /the source has the table pl_fixture\.besides/],
    [
      "ALTER TABLE pl_fixture.seeded ALTER value TYPE varchar(99)",
      /the source has the column pl_fixture\.seeded\.value/,
    ],
    ["DROP TABLE pl_fixture.nothing", /the source lacks the table pl_fixture\.nothing/],
    ["ALTER TYPE pl_fixture.mood ADD VALUE 'new'", /the source has the type pl_fixture\.mood/],
    ["SELECT lo_create(0)", /1 large objects/],
  ])("rejects a source after the manual statement: %s", async (statement, refusal) => {
    await using from = await openSource();
    await using to = await openTestDatabase();
    const [room] = await from.query("SELECT role FROM peek_platform.plugin WHERE schema = 'pl_fixture'");
    await from.query(`SET ROLE "${String(room?.["role"])}"; ${statement}; RESET ROLE`);
    expect(await refusalOf(copy(from, to))).toMatch(refusal);
    expect(await left(to)).toEqual([]);
  });

  it("rejects a database to which a service is connected", async () => {
    await using from = await openSource();
    await using to = await openTestDatabase();
    await using worker = await Storage.open(optionsFor(from, { title: "peek worker" }));
    expect(await refusalOf(copy(from, to))).toMatch(/Services are connected to .*: peek worker\./);
    await worker[Symbol.asyncDispose]();
    await copy(from, to);
  });

  it("leaves nothing in the target when it fails, and works afterwards", async () => {
    await using from = await openSource();
    await using to = await openTestDatabase();
    await fill(from);
    const before = await contentsOf(from);
    const fail = ({ name }: TableProgress): void => {
      if (name === "reading_2025") throw new PeekError("INTERNAL", "it fails here");
    };
    expect(await refusalOf(copy(from, to, { onTable: fail }))).toBe("INTERNAL: it fails here");
    expect(await left(to)).toEqual([]);
    // A row that the target rejects.
    await from.query(
      "ALTER TABLE pl_fixture.zulu DISABLE TRIGGER ALL; UPDATE pl_fixture.zulu SET parent = 99 WHERE id = 1",
    );
    expect(await refusalOf(copy(from, to))).toMatch(/^STORAGE_CONSTRAINT: .*zulu_parent_fkey/);
    expect(await left(to)).toEqual([]);
    await from.query(
      "UPDATE pl_fixture.zulu SET parent = 2 WHERE id = 1; ALTER TABLE pl_fixture.zulu ENABLE TRIGGER ALL",
    );
    await copy(from, to);
    expect(await contentsOf(to)).toEqual(before);
  });

  it("can be interrupted or lose its connection during a large table, and leaves nothing", async () => {
    await using from = await openSource();
    await using to = await openTestDatabase();
    await from.query("INSERT INTO pl_fixture.child SELECT n, repeat('x', 1000) FROM generate_series(1, 50000) AS n");
    const copying = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'COPY%child%'";
    const controller = new AbortController();
    const interrupted = refusalOf(copy(from, to, { options: { signal: controller.signal } }));
    await expect.poll(() => to.query(copying), { interval: 5 }).toHaveLength(1);
    controller.abort();
    expect(await interrupted).toBe("STORAGE_COPY_REFUSED: The copy was interrupted and has been undone.");
    expect(await left(to)).toEqual([]);
    for (const database of [to, from]) {
      const lost = refusalOf(copy(from, to));
      await expect.poll(() => database.query(copying), { interval: 5 }).toHaveLength(1);
      await database.query(`SELECT pg_terminate_backend(pid) FROM (${copying}) AS copying`);
      expect(await lost).toMatch(/^STORAGE_UNAVAILABLE: Copying the table "pl_fixture"."child" failed/);
      expect(await left(to)).toEqual([]);
    }
  });

  it("removes the remains of a killed copy, and nothing else", async () => {
    await using from = await openSource();
    await using to = await openSource();
    await to.query("INSERT INTO peek_platform.setting VALUES ('copy_began_at', '2026-01-01')");
    expect(await refusalOf(Storage.open(optionsFor(to)))).toMatch(
      /^STORAGE_REFUSED: A copy into the database .* began at 2026-01-01 and has not completed/,
    );
    expect(await copy(from, to)).toMatchObject({ plugins: [fixture.name, plain.name] });
    expect(await to.query("SELECT 1 FROM peek_platform.setting WHERE key = 'copy_began_at'")).toEqual([]);
  });
});
