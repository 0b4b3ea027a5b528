import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ServiceConfigInput, serviceConfigSchema } from "@peek/config";
import type { PluginStorage } from "@peek/plugin-base/storage";
import { Storage, type StorageOptions, type StoragePlugin } from "@peek/storage";
import { onTestFinished } from "vitest";
import { TestLog } from "./embedded/TestLog.ts";
import type { StorageTiming } from "../src/StorageTiming.ts";
import type { TestDatabase } from "./testing.ts";

export { caught } from "./embedded/caught.ts";
export { TestLog } from "./embedded/TestLog.ts";
export { until } from "./embedded/until.ts";

/** A signal that never fires. */
export const signal: AbortSignal = new AbortController().signal;

/** The options of a test's storage. */
export type StorageTestOptions = Partial<Omit<StorageOptions, "config" | "plugins" | "getLogger">> & {
  /** Names of plugins without migrations, or plugins. Default: peek_plugin_pump. */
  readonly plugins?: readonly (string | StoragePlugin)[];
  readonly config?: ServiceConfigInput["storage"];
  readonly log?: TestLog;
};

/** The timing of tests that wait for background work. */
export const shortTiming: StorageTiming = {
  health: {
    intervalMs: { available: 15_000, suspected: 0, lost: 100 },
    timeoutMs: { available: 10_000, suspected: 500, lost: 1000 },
  },
  reconciler: { intervalMs: 200, attemptsUntilLog: 6 },
  cleanupIntervalMs: 300,
  answerGraceMs: 300,
};

/** Opens the storage of a logic service in a test's database. */
export async function openStorage(
  { connectUrl }: Pick<TestDatabase, "connectUrl">,
  { plugins = ["peek_plugin_pump"], config = {}, log = new TestLog(), ...rest }: StorageTestOptions = {},
): Promise<Storage> {
  return await Storage.open({
    title: "peek test",
    config: serviceConfigSchema.parse({ storage: { connectUrl, ...config } }).storage,
    embeddedDir: "",
    embedded: "find",
    migrations: "apply",
    plugins: plugins.map((plugin) => (typeof plugin === "string" ? pluginOf(plugin) : plugin)),
    getLogger: () => log,
    signal,
    ...rest,
  });
}

/** A plugin with a folder of migrations. */
export function pluginOf(name: string, migrationsDir?: string, version = "1.0.0"): StoragePlugin {
  return { name, version, migrationsDir };
}

/** The storage of one plugin; disposing it closes its connections. */
export interface Entered<Tables extends object> extends AsyncDisposable {
  readonly storage: PluginStorage<Tables>;
}

/** The storage of a plugin, with the types of its tables. */
export function enter<Tables extends object = Record<string, Record<string, unknown>>>(
  storage: Storage,
  name = "peek_plugin_pump",
): Entered<Tables> {
  const { storage: entered, connections } = storage.openPluginStorage(name);
  // The platform does not know the tables' types; the plugin's class declares them.
  const typed = entered as unknown as PluginStorage<Tables>;
  return { storage: typed, [Symbol.asyncDispose]: () => connections[Symbol.asyncDispose]() };
}

/** Creates a folder in which modules can import plugin-base; it is removed after the test. */
export function pluginFolder(): string {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), "peek-storage-")));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  mkdirSync(join(dir, "node_modules/@peek"), { recursive: true });
  symlinkSync(join(import.meta.dirname, "../../plugin-base"), join(dir, "node_modules/@peek/plugin-base"), "dir");
  return dir;
}

/** Writes migrations, by the names of their files. @returns Their folder. */
export function migrations(files: Readonly<Record<string, string>>, dir = pluginFolder()): string {
  const migrationsDir = join(dir, "migrations");
  mkdirSync(migrationsDir, { recursive: true });
  for (const [name, code] of Object.entries(files)) writeFileSync(join(migrationsDir, name), code);
  return migrationsDir;
}

/** A migration that runs SQL. */
export function sqlMigration(up: string, down?: string): string {
  const step = (name: string, text: string): string =>
    `export async function ${name}(db) { await sql.raw(${JSON.stringify(text)}).execute(db); }\n`;
  return `import { sql } from "@peek/plugin-base/storage";\n${step("up", up)}${down === undefined ? "" : step("down", down)}`;
}

/** The one value of a query's one row. */
export async function valueOf(database: TestDatabase, sql: string, values?: readonly unknown[]): Promise<unknown> {
  const [row] = await database.query(sql, values);
  return row === undefined ? undefined : Object.values(row)[0];
}

/** The first column of a query's rows. */
export async function column(database: TestDatabase, sql: string): Promise<readonly unknown[]> {
  return (await database.query(sql)).map((row) => Object.values(row)[0]);
}

/** The name of a test's database, as a name in SQL. */
export async function nameOf(database: TestDatabase): Promise<string> {
  return String(await valueOf(database, "SELECT quote_ident(current_database())"));
}
