import { dirname, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { type ServiceConfig, serviceHome, type ServiceHome } from "@peek/config";
import { PeekError } from "@peek/errors";
import { type PlatformExtension, type PluginInfo, resolveEntry } from "@peek/loader";
import type { Logger, PluginDisposables } from "@peek/plugin-base";
import type { ActionLedger, ChangeSource, TaskDatabase, TaskStorage } from "@peek/plugin-base/internal";
import type { Storage, StoragePlugin, StorageStatus } from "@peek/storage";
import { packageConditions } from "./pluginSources.ts";
import type { ServiceDefinition } from "./ServiceDefinition.ts";

/** What a {@link StorageExtension} works with. */
export interface StorageExtensionOptions {
  readonly definition: ServiceDefinition;
  readonly home: ServiceHome;
  readonly config: ServiceConfig["storage"];
  readonly getLogger: (name: string) => Logger;
}

/** `platform.storage`, on the services that have it, for plugins whose plugin_package.json requires `storage`. */
export class StorageExtension implements PlatformExtension, AsyncDisposable {
  readonly #options: StorageExtensionOptions;
  #storage: Storage | undefined;

  constructor(options: StorageExtensionOptions) {
    this.#options = options;
  }

  /**
   * Opens the database, if one of the plugins asks for it.
   *
   * @param plugins Those that are to be loaded.
   * @throws PeekError as {@link Storage.open}.
   */
  async open(plugins: readonly PluginInfo[], signal: AbortSignal): Promise<void> {
    const { definition, home, config, getLogger } = this.#options;
    const { storage } = definition;
    const concerned = plugins.filter((plugin) => this.appliesTo(plugin));
    if (storage === undefined || concerned.length === 0 || signal.aborted) return;
    const options = {
      config,
      embeddedDir: storage === "owner" ? home.postgresDir : homeBeside(home, "logic").postgresDir,
      embedded: storage === "owner" ? "start" : "find",
      plugins: concerned.map(storagePluginOf),
      getLogger,
      signal,
    } as const;
    // Neither before it is needed, nor all at once: while the database starts there is time to import the rest.
    const { DatabaseLocation } = await import("@peek/storage/location");
    await using held = new AsyncDisposableStack();
    const location = held.use(new DatabaseLocation(options));
    location.begin();
    const { Storage } = await import("@peek/storage");
    // From here on the storage disposes it, also when that cannot be opened.
    held.move();
    const migrations = storage === "owner" ? "apply" : "await";
    const opening = Storage.open({ ...options, location, migrations, title: `peek ${definition.name}` });
    try {
      this.#storage = await opening;
    } catch (error) {
      // Told to stop meanwhile, nobody wants it any more.
      if (!signal.aborted) throw error;
    }
  }

  appliesTo({ manifest }: PluginInfo): boolean {
    return this.#options.definition.storage !== undefined && manifest.requiresServices.includes("storage");
  }

  async migrate(plugin: PluginInfo, signal: AbortSignal, begin: () => void): Promise<void> {
    migrationsDirOf(plugin);
    await this.#opened().migrate(plugin.name, signal, begin);
  }

  openScope({ name }: PluginInfo, disposables: () => PluginDisposables): Readonly<Record<string, unknown>> {
    const { storage, connections } = this.#opened().enter(name);
    // Until after unload(), since the plugin may use it there.
    disposables().use(connections);
    return { storage };
  }

  /** How tables are followed; undefined where no plugin asks for a database, or before it was reached. */
  get changes(): ChangeSource | undefined {
    return this.#storage?.changes;
  }

  /** What records actions; undefined where no plugin asks for a database, or before it was reached. */
  get ledger(): ActionLedger | undefined {
    return this.#storage?.ledger;
  }

  /** The database as tasks use it, which whoever asked disposes; undefined where no plugin asks for a database. */
  openTaskDatabase(): TaskDatabase | undefined {
    return this.#storage?.openTaskDatabase();
  }

  /**
   * The storage of a plugin that is loaded, as its tasks have it.
   *
   * @throws PeekError `STORAGE_CLOSED` where it is not.
   */
  async taskStorage(name: string): Promise<TaskStorage> {
    const storage = this.#opened();
    const own = storage.entered(name);
    if (own === undefined) {
      throw new PeekError("STORAGE_CLOSED", `${name} is not loaded, or does not require storage.`, {
        fields: { plugin: name },
      });
    }
    const { threadStorageUrl } = await import("@peek/storage/thread");
    return { own, module: threadStorageUrl, reserve: (signal) => storage.reserveForThread(name, signal) };
  }

  /** What is known of the database; undefined where no plugin asks for one, or before it was reached. */
  status(): StorageStatus | undefined {
    return this.#storage?.status();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#storage?.[Symbol.asyncDispose]();
  }

  #opened(): Storage {
    if (this.#storage !== undefined) return this.#storage;
    throw new PeekError("INTERNAL", "The storage was asked for before it was opened.");
  }
}

/** A plugin as its storage is opened; a mistake in where its migrations are is told when it is migrated. */
export function storagePluginOf(plugin: PluginInfo): StoragePlugin {
  const { name, manifest } = plugin;
  return { name, version: manifest.plugin.version, migrationsDir: tryMigrationsDir(plugin) };
}

function tryMigrationsDir(plugin: PluginInfo): string | undefined {
  try {
    return migrationsDirOf(plugin);
  } catch {
    return undefined;
  }
}

/**
 * The folder of a plugin's migrations; undefined when it has none.
 *
 * @throws PeekError `ENTRY_UNRESOLVED` or `MIGRATIONS_UNREADABLE`
 */
export function migrationsDirOf({ name, rootDir, manifest }: PluginInfo): string | undefined {
  const dir = manifest.storage?.migrationsDir;
  if (dir === undefined) return undefined;
  const entryDir = dirname(fileURLToPath(resolveEntry(rootDir, packageConditions)));
  const resolved = join(entryDir, dir);
  if (relative(rootDir, resolved).split(sep)[0] !== "..") return resolved;
  throw new PeekError(
    "MIGRATIONS_UNREADABLE",
    `storage.migrationsDir in the plugin_package.json of ${name} is ${dir}, which is not in the package. Name a folder within it, relative to that of its entry.`,
    { fields: { plugin: name } },
  );
}

/** The home of another service on this machine. */
function homeBeside(home: ServiceHome, service: string): ServiceHome {
  return serviceHome(service, { PEEK_HOME: dirname(home.dir) });
}
