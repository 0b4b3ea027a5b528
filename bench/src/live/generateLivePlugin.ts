import { mkdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import { generatePackage } from "../generate/packages.ts";
import { limitScript, pluginBaseDir } from "../paths.ts";

/** The plugin that the services run for the figures of live data. */
export const livePlugin = "peek_plugin_live";

/** Its schema in the database. */
export const liveSchema = "pl_live";

/**
 * Makes its package; its code is in `children/live/services`.
 *
 * @returns The value of `plugin.softwarePath` in config.json.
 */
export async function generateLivePlugin(dir: string, hasStorage: boolean): Promise<string> {
  const softwareDir = join(dir, "software");
  const modulesDir = join(softwareDir, "node_modules");
  await mkdir(join(modulesDir, "@peek"), { recursive: true });
  await symlink(pluginBaseDir, join(modulesDir, "@peek", "plugin-base"));
  const manifest = {
    plugin: { title: "Bench", packageName: livePlugin, version: "1.0.0", creator: "The Peek authors" },
    requiresServices: ["logic", "field", ...(hasStorage ? ["storage"] : [])],
    logic: {},
    field: {},
    ...(hasStorage && { storage: { migrationsDir: "migrations" } }),
  };
  await generatePackage(modulesDir, {
    name: livePlugin.replaceAll("_", "-"),
    source: `export * from ${JSON.stringify(limitScript("live/services/plugin"))};\n`,
    json: { "plugin_package.json": manifest },
    ...(hasStorage && { text: { "dist/migrations/0001_create_tables.js": migration } }),
  });
  return softwareDir;
}

/** `sample` and `entry` are watched, `quiet` and `record` are not. */
const migration = `import { sql } from "@peek/plugin-base/storage";

export async function up(db) {
  await sql\`create table sample (id integer primary key, value integer not null)\`.execute(db);
  await sql\`insert into sample select id, 0 from generate_series(1, 10) as id\`.execute(db);
  for (const name of ["entry", "quiet", "record"]) {
    await db.schema
      .createTable(name)
      .addColumn("id", "integer", (column) => column.generatedAlwaysAsIdentity().primaryKey())
      .addColumn("name", "text", (column) => column.notNull())
      .addColumn("amount", "integer", (column) => column.notNull())
      .execute();
  }
}
`;
