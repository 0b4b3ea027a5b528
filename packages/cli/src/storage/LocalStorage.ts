import { switchToOwnerOf, homeLockHolder, lockHome, type ServiceConfig } from "@peek/config";
import { PeekError } from "@peek/errors";
import { type PluginInfo, resolvePlugin } from "@peek/loader";
import { migrationsDirOf } from "@peek/platform";
import { hasEmbeddedDatabase, Storage, type StorageOptions, type StoragePlugin } from "@peek/storage";
import { commandLogger } from "../commandLogger.ts";
import { configOf, type LocalService, localServices, sourcesOf } from "../LocalService.ts";

/** How a command opens the database. */
export interface OpenOptions {
  /** The name of the command, which the database server shows: `peek storage status`. */
  readonly title: string;
  readonly migrations: StorageOptions["migrations"];
  readonly plugins: readonly StoragePlugin[];
  readonly signal: AbortSignal;
}

/** The database of the logic service on this machine, from its config.json. */
export class LocalStorage {
  readonly service: LocalService;
  readonly config: ServiceConfig;

  /**
   * Root switches to the owner of logic's home, so that new files belong to that account.
   *
   * @throws PeekError as `switchToOwnerOf` and `readConfig`.
   */
  constructor() {
    const [service] = localServices(["logic"]);
    if (service === undefined) throw new PeekError("INTERNAL", "There is no service logic.");
    switchToOwnerOf(service.home.dir, import.meta.dirname);
    this.service = service;
    this.config = configOf(service);
  }

  /** Whether a database seems to exist; it is not connected to. */
  get exists(): boolean {
    return this.config.storage.connectUrl !== undefined || hasEmbeddedDatabase(this.service.home.postgresDir);
  }

  /** Whether it is the embedded one and does not run, since logic does not. */
  get isStopped(): boolean {
    return this.config.storage.connectUrl === undefined && homeLockHolder(this.service.home) === undefined;
  }

  /** The message for a missing database. */
  get absence(): string {
    return `There is no database yet: logic creates the embedded one, in ${this.service.home.postgresDir}, at its first start with a plugin that requires storage.`;
  }

  /** The enabled plugins that require storage on logic, and the errors of enabled plugins that cannot be resolved. */
  enabledPlugins(): { readonly plugins: readonly StoragePlugin[]; readonly unusable: ReadonlyMap<string, PeekError> } {
    const plugins: StoragePlugin[] = [];
    const unusable = new Map<string, PeekError>();
    for (const name of new Set(this.config.plugin.enabled)) {
      try {
        const plugin = this.#resolve(name);
        if (requiresStorage(plugin)) plugins.push(storagePlugin(plugin));
      } catch (error) {
        if (!PeekError.is(error)) throw error;
        unusable.set(name, error);
      }
    }
    return { plugins, unusable };
  }

  /**
   * Resolves an installed plugin, which need not be enabled.
   *
   * @throws PeekError `USAGE` when it requires no storage on logic; or as `resolvePlugin`.
   */
  plugin(name: string): StoragePlugin {
    const plugin = this.#resolve(name);
    if (requiresStorage(plugin)) return storagePlugin(plugin);
    throw new PeekError("USAGE", `${name} has no schema: its plugin_package.json does not require logic and storage.`);
  }

  /** Opens the database beside logic where that runs, and otherwise as {@link openAlone}. */
  async openBeside(options: OpenOptions, held: AsyncDisposableStack): Promise<Storage> {
    const { home } = this.service;
    const holder = homeLockHolder(home);
    const isServer = this.config.storage.connectUrl !== undefined;
    if (!isServer && holder === undefined) held.use(lockHome(home));
    try {
      return held.use(await Storage.open(this.optionsOf(options, holder === undefined ? "start" : "find")));
    } catch (error) {
      if (isServer || holder === undefined || !PeekError.is(error) || error.code !== "STORAGE_UNAVAILABLE") throw error;
      throw new PeekError(
        "STORAGE_UNAVAILABLE",
        `logic is running (${holder.title}), but not its embedded database: logic is just starting or stopping, or runs no plugin that requires storage. Try again, or stop logic first.`,
        { cause: error, fields: error.fields },
      );
    }
  }

  /**
   * Locks the home as logic does, so that logic cannot run meanwhile, and opens the database.
   *
   * @param held Releases the lock and the database.
   * @param hint The end of the message when logic runs: an alternative.
   * @throws PeekError `HOME_LOCKED`, or as {@link Storage.open}.
   */
  async openAlone(options: OpenOptions, held: AsyncDisposableStack, hint: string): Promise<Storage> {
    held.use(this.#lock(hint));
    return held.use(await Storage.open(this.optionsOf(options, "start")));
  }

  /** The options with which the database is opened. */
  optionsOf({ title, migrations, plugins, signal }: OpenOptions, embedded: "start" | "find"): StorageOptions {
    return {
      title,
      // A command reports errors at once, and needs few connections.
      config: { ...this.config.storage, retrySeconds: 0, poolSize: 1 },
      embeddedDir: this.service.home.postgresDir,
      embedded,
      migrations,
      plugins,
      getLogger: () => commandLogger,
      signal,
    };
  }

  #lock(hint: string): Disposable {
    const { home } = this.service;
    const holder = homeLockHolder(home);
    if (holder === undefined) return lockHome(home);
    throw new PeekError(
      "HOME_LOCKED",
      `logic is running on ${home.dir} (${holder.title}). ${holder.howToStop}${hint}.`,
      { fields: { pid: holder.process?.pid, home: home.dir } },
    );
  }

  #resolve(name: string): PluginInfo {
    return { name, ...resolvePlugin(name, sourcesOf(this.service, this.config)) };
  }
}

function requiresStorage({ manifest: { requiresServices } }: PluginInfo): boolean {
  return requiresServices.includes("logic") && requiresServices.includes("storage");
}

/** @throws PeekError as {@link migrationsDirOf}. */
function storagePlugin(plugin: PluginInfo): StoragePlugin {
  return { name: plugin.name, version: plugin.manifest.plugin.version, migrationsDir: migrationsDirOf(plugin) };
}
