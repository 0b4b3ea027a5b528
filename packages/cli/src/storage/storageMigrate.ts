import { PeekError } from "@peek/errors";
import type { Storage, StoragePlugin } from "@peek/storage";
import { describeMigration } from "./describeMigration.ts";
import { interruptible } from "./interruptible.ts";
import { LocalStorage } from "./LocalStorage.ts";

/** `peek storage migrate` */
export async function storageMigrate(names: readonly string[], dryRun: boolean): Promise<void> {
  await interruptible(async (signal) => {
    const local = new LocalStorage();
    const plugins = choose(local, names);
    if (!local.exists) {
      console.log(`${local.absence} Nothing was migrated.`);
      return;
    }
    if (plugins.length === 0) {
      console.log("No enabled plugin requires storage.");
      return;
    }
    await using held = new AsyncDisposableStack();
    const options = { title: "peek storage migrate", migrations: dryRun ? "await" : "apply", plugins, signal } as const;
    const hint = dryRun ? "" : ", or just restart it: it migrates by itself";
    const storage = await local.openAlone(options, held, hint);
    for (const { name } of plugins) {
      try {
        await (dryRun ? tryMigrations : migrate)(storage, name, signal);
      } catch (error) {
        if (signal.aborted || !PeekError.is(error)) throw error;
        fail(name, error);
      }
    }
  });
}

/** The named plugins, or all enabled ones; the errors of enabled plugins that cannot be resolved are printed. */
function choose(local: LocalStorage, names: readonly string[]): readonly StoragePlugin[] {
  if (names.length > 0) return [...new Set(names)].map((name) => local.plugin(name));
  const { plugins, unusable } = local.enabledPlugins();
  for (const [name, error] of unusable) fail(name, error);
  return plugins;
}

async function migrate(storage: Storage, name: string, signal: AbortSignal): Promise<void> {
  const applied = await storage.migrate(name, signal);
  console.log(`${name}: ${applied.length === 0 ? "up to date" : `applied ${applied.join(", ")}`}`);
}

async function tryMigrations(storage: Storage, name: string, signal: AbortSignal): Promise<void> {
  if (storage.catalogue?.pluginSchemas.get(name)?.complete !== true)
    console.log(`${name}: its schema would be created`);
  const tried = await storage.dryRun(name, signal);
  if (tried.length === 0) console.log(`${name}: nothing to apply`);
  for (const migration of tried) for (const line of describeMigration(name, migration)) console.log(line);
}

function fail(name: string, error: PeekError): void {
  console.error(`peek: ${name}: ${error.message}`);
  process.exitCode = error.exitCode;
}
