import type { PluginPackageOptions } from "./pluginPackage.ts";

/** A plugin with its own schema. */
export interface StoragePluginOptions {
  readonly name: string;
  /** The statement of each migration, in order. */
  readonly migrations?: readonly string[];
  /** The body of the class on logic, and of that on worker if it has one. */
  readonly body?: string;
  readonly workerBody?: string;
}

/** A package of a plugin that requires storage. */
export function storagePlugin(options: StoragePluginOptions): PluginPackageOptions {
  const { name, migrations = [], body, workerBody } = options;
  const services = workerBody === undefined ? ["logic", "storage"] : ["logic", "worker", "storage"];
  const files = migrations.map((statement, index): readonly [string, string] => [
    `migrations/${String(index + 1).padStart(4, "0")}_step.js`,
    `import { sql } from "@peek/plugin-base/storage";
     export async function up(db) { await sql.raw(${JSON.stringify(statement)}).execute(db); }
     export async function down() {}`,
  ]);
  return {
    name,
    manifest: { requiresServices: services, storage: { migrationsDir: "migrations" } },
    files: Object.fromEntries(files.length === 0 ? [["migrations/.keep", ""]] : files),
    ...(workerBody === undefined
      ? { ...(body !== undefined && { body }) }
      : { index: indexOf(body ?? "", workerBody) }),
  };
}

function indexOf(body: string, workerBody: string): string {
  const hooks = "load() {} start() {} stop() {} unload() {}";
  return `import { PluginLogicEntryHookABC } from "@peek/plugin-base/logic";
import { PluginWorkerEntryHookABC } from "@peek/plugin-base/worker";
export const peekLogicEntryHook = () => class LogicEntryHook extends PluginLogicEntryHookABC { ${hooks} ${body} };
export const peekWorkerEntryHook = () => class WorkerEntryHook extends PluginWorkerEntryHookABC { ${hooks} ${workerBody} };
`;
}
