import { siblingHome } from "@peek/config";
import { PeekError } from "@peek/errors";
import type { PlannedMigration, PluginGeneration, PluginInfo } from "@peek/loader";
import type { PluginDisposables } from "@peek/plugin-base";
import type { ActionLedger, AnyStorage, ChangeSource, TaskDatabase, TaskStorage } from "@peek/plugin-base/internal";
import type { Storage, StorageStatus } from "@peek/storage";
import { migrationsDirOf, storagePluginOf } from "./storagePlugin.ts";
import type { ExtensionOptions, OpenContext, ServiceExtension } from "./ServiceExtension.ts";

/**
 * How a service uses the database: the `owner` runs the embedded one and migrates the schemas of plugins; a `user` finds the
 * database and waits for its migrations.
 */
export type StorageRole = "owner" | "user";

/** `platform.storage`, on the services that have it, for plugins whose plugin_package.json requires `storage`. */
export class StorageExtension implements ServiceExtension<{ readonly storage: AnyStorage }> {
  readonly role: StorageRole;
  readonly #options: ExtensionOptions;
  readonly #closing = new AbortController();
  #storage: Storage | undefined;
  #opening: Promise<void> | undefined;

  constructor(options: ExtensionOptions, role: StorageRole) {
    this.#options = options;
    this.role = role;
  }

  /**
   * Opens the database, if one of the plugins requires it. Otherwise it is opened for the first plugin that requires it.
   *
   * @throws PeekError as {@link Storage.open}.
   */
  async open({ plugins, signal }: OpenContext): Promise<void> {
    const requiring = plugins.filter((plugin) => this.appliesTo(plugin));
    if (requiring.length > 0 && !signal.aborted) await this.#openFor(requiring, signal);
  }

  appliesTo({ manifest }: PluginInfo): boolean {
    return manifest.requiresServices.includes("storage");
  }

  async migrate(plugin: PluginGeneration, signal: AbortSignal, begin: () => void): Promise<void> {
    migrationsDirOf(plugin);
    // An opening for another plugin ends without a storage when that plugin is not waited for any longer.
    while (this.#storage === undefined) {
      AbortSignal.any([signal, this.#closing.signal]).throwIfAborted();
      await this.#openFor([plugin], signal);
    }
    const storage = this.#opened();
    await storage.register(storagePluginOf(plugin), signal);
    await storage.migrate(plugin.name, signal, begin, plugin.isBroughtBack);
  }

  async planMigrations(
    plugin: PluginGeneration,
    rehearse: boolean,
    signal: AbortSignal,
  ): Promise<readonly PlannedMigration[]> {
    migrationsDirOf(plugin);
    const storage = this.#storage;
    // It is opened for the plugin. A version that is brought back runs on the tables as they are.
    if (storage === undefined || plugin.isBroughtBack) return [];
    const version = storagePluginOf(plugin);
    const planned = await storage.planMigrations(version);
    if (this.role === "user") return [];
    if (!rehearse || planned.length === 0) return planned;
    const { tryMigrations } = await import("../changes/tryMigrations.ts");
    return await tryMigrations(storage, version, signal);
  }

  openScope({ name }: PluginInfo, disposables: () => PluginDisposables): { readonly storage: AnyStorage } {
    const { storage, connections } = this.#opened().openPluginStorage(name);
    // Released after unload(), since the plugin may use it there.
    disposables().use(connections);
    return { storage };
  }

  /**
   * Drops the tables of a plugin that does not run any more, on the service that owns the database.
   *
   * @returns The schema; undefined where the plugin has none, or no plugin requires a database.
   * @throws PeekError `STORAGE_UNAVAILABLE` or `STORAGE_REFUSED`; nothing was dropped then.
   */
  async dropSchema(name: string): Promise<string | undefined> {
    return this.role === "owner" ? await this.#storage?.dropSchema(name) : undefined;
  }

  /** Follows the changes of tables; undefined where no plugin requires a database, or before it was reached. */
  get changes(): ChangeSource | undefined {
    return this.#storage?.changes;
  }

  /** Records the executed actions; undefined where no plugin requires a database, or before it was reached. */
  get ledger(): ActionLedger | undefined {
    return this.#storage?.ledger;
  }

  /** Opens the database for tasks, which the caller disposes; undefined where no plugin requires a database. */
  openTaskDatabase(): TaskDatabase | undefined {
    return this.#storage?.openTaskDatabase();
  }

  /**
   * The storage of a loaded plugin, for its tasks.
   *
   * @throws PeekError `PLUGIN_RELEASED` where the plugin is not loaded.
   */
  async taskStorage(name: string): Promise<TaskStorage> {
    const storage = this.#opened();
    const own = storage.pluginStorage(name);
    if (own === undefined) {
      throw new PeekError("PLUGIN_RELEASED", `${name} has no storage: it is not loaded, or does not require storage.`, {
        fields: { plugin: name },
      });
    }
    const { threadStorageUrl } = await import("@peek/storage/thread");
    return { own, module: threadStorageUrl, reserve: (signal) => storage.reserveForThread(name, signal) };
  }

  /** The state of the database; undefined where no plugin requires one, or before it was reached. */
  status(): StorageStatus | undefined {
    return this.#storage?.status();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    // The plugin that needed it, or the start of the service, gets the failure.
    await Promise.allSettled([this.#opening]);
    await this.#storage?.[Symbol.asyncDispose]();
  }

  /** Opens the database once, for plugins that require it. After a failure the next call tries again. */
  async #openFor(requiring: readonly PluginInfo[], signal: AbortSignal): Promise<void> {
    this.#opening ??= this.#open(requiring, AbortSignal.any([signal, this.#closing.signal])).finally(() => {
      this.#opening = undefined;
    });
    await this.#opening;
  }

  async #open(requiring: readonly PluginInfo[], signal: AbortSignal): Promise<void> {
    const { definition, home, config, getLogger } = this.#options;
    const isOwner = this.role === "owner";
    const options = {
      config: config.storage,
      embeddedDir: isOwner ? home.postgresDir : siblingHome(home, "logic").postgresDir,
      embedded: isOwner ? "start" : "find",
      plugins: requiring.map(storagePluginOf),
      getLogger,
      signal,
    } as const;
    // The location is imported first: while the database starts there is time to import the rest.
    const { DatabaseLocation } = await import("@peek/storage/location");
    await using held = new AsyncDisposableStack();
    const location = held.use(new DatabaseLocation(options));
    location.prestart();
    const { Storage } = await import("@peek/storage");
    // From here on the storage disposes the location, also when opening the storage fails.
    held.move();
    const migrations = isOwner ? "apply" : "await";
    const opening = Storage.open({ ...options, location, migrations, title: `peek ${definition.name}` });
    try {
      this.#storage = await opening;
    } catch (error) {
      // When the service has been told to stop meanwhile, the database is not needed any more.
      if (!signal.aborted) throw error;
    }
  }

  #opened(): Storage {
    if (this.#storage !== undefined) return this.#storage;
    throw new PeekError("INTERNAL", "The storage was used before it was opened.");
  }
}
