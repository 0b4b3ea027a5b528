import { mkdir, symlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pluginBaseDir } from "../paths.ts";
import { generatePackage } from "./packages.ts";
import { pluginBody, serial } from "./pluginBody.ts";

/** A plugin with migrations, described for `Storage`. */
export interface GeneratedStoragePlugin {
  readonly name: string;
  readonly version: string;
  readonly migrationsDir: string;
}

/** The migrations of each plugin by file name, as Kysely's calls and as SQL. */
const migrations: Readonly<Record<string, { readonly peek: string; readonly sql: string }>> = {
  "0001_create_pump": {
    peek: `await db.schema
    .createTable("pump")
    .addColumn("id", "integer", (column) => column.generatedAlwaysAsIdentity().primaryKey())
    .addColumn("name", "text", (column) => column.notNull())
    .execute();`,
    sql: "create table pump (id integer generated always as identity primary key, name text not null)",
  },
  "0002_add_speed": {
    peek: 'await db.schema.alterTable("pump").addColumn("speed", "integer").execute();',
    sql: "alter table pump add column speed integer",
  },
  "0003_index_name": {
    peek: 'await db.schema.createIndex("pump_name").on("pump").column("name").execute();',
    sql: "create index pump_name on pump (name)",
  },
  "0004_create_reading": {
    peek: `await db.schema
    .createTable("reading")
    .addColumn("pump_id", "integer", (column) => column.notNull().references("pump.id"))
    .addColumn("value", "double precision", (column) => column.notNull())
    .execute();`,
    sql: "create table reading (pump_id integer not null references pump (id), value double precision not null)",
  },
  "0005_first_pump": {
    peek: 'await db.insertInto("pump").values({ name: "first", speed: 1 }).execute();',
    sql: "insert into pump (name, speed) values ('first', 1)",
  },
};

/** The SQL of a plugin's migrations, in their order. */
export const migrationStatements: readonly string[] = Object.values(migrations).map(({ sql }) => sql);

/** Packages of plugins with five migrations each and nearly no other code. */
export async function generateStoragePlugins(
  softwareDir: string,
  count: number,
): Promise<readonly GeneratedStoragePlugin[]> {
  const modulesDir = join(softwareDir, "node_modules");
  await mkdir(join(modulesDir, "@peek"), { recursive: true });
  await symlink(pluginBaseDir, join(modulesDir, "@peek", "plugin-base"));
  const names = Array.from({ length: count }, (_, index) => `peek_plugin_store_${serial(index)}`);
  return await Promise.all(names.map((name) => generate(modulesDir, name)));
}

async function generate(modulesDir: string, name: string): Promise<GeneratedStoragePlugin> {
  const manifest = {
    plugin: { title: "Bench", packageName: name, version: "1.0.0", creator: "The Peek authors" },
    requiresServices: ["logic", "storage"],
    logic: {},
    storage: { migrationsDir: "migrations" },
  };
  const text = Object.entries(migrations).map(([migration, { peek }]) => [
    join("dist", "migrations", `${migration}.js`),
    `export async function up(db) {\n  ${peek}\n}\n`,
  ]);
  const entry = await generatePackage(modulesDir, {
    name: name.replaceAll("_", "-"),
    source,
    json: { "plugin_package.json": manifest },
    text: Object.fromEntries(text),
  });
  return { name, version: "1.0.0", migrationsDir: join(dirname(entry), "migrations") };
}

const source = `import { PluginLogicEntryHookABC } from "@peek/plugin-base/logic";

class LogicEntryHook extends PluginLogicEntryHookABC {
${pluginBody}  stop() {}
  unload() {}
}

export function peekLogicEntryHook() {
  return LogicEntryHook;
}
`;
