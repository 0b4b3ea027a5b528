import { PeekError } from "@peek/errors";
import { resolvePlugin, type PluginStatus, WorkspaceSource } from "@peek/loader";
import { packageNameOf } from "@peek/plugin-base";
import { hasPartFor } from "../config/developmentConfig.ts";
import { workspaceOf } from "../config/workspace.ts";
import { migrationsDirOf } from "../extensions/storagePlugin.ts";
import type { PeekService } from "../PeekService.ts";
import type { ServiceDefinition } from "../ServiceDefinition.ts";
import type { ImportedFiles } from "./ImportedFiles.ts";
import { reactionTo, type SavedPlugin } from "./reactionTo.ts";
import type { SavedFile } from "./SavedFile.ts";

/** After this many reloads a line in the log says that a restart would free memory. */
const manyReloads = 200;

/** After this time in one reload, the next save restarts the service, in milliseconds. */
const defaultStuckMs = 10_000;

/** The options of a {@link PluginReloader}. */
export interface PluginReloaderOptions {
  readonly definition: ServiceDefinition;
  readonly service: PeekService;
  readonly imported: ImportedFiles;
  /** Called when a save needs a restart of the service. */
  readonly onRestartNeeded: () => void;
  /**
   * A save restarts the service when a reload has not ended after this time, in milliseconds: a hook may never settle, and the
   * worker waits for a migration that logic cannot apply. Default: 10,000.
   */
  readonly stuckMs?: number;
}

/** Reloads the plugins of a running service when their files are saved, one at a time. */
export class PluginReloader {
  readonly #options: PluginReloaderOptions;
  readonly #source: WorkspaceSource | undefined;
  /** The saved files by the folder of the plugin: saves during a reload lead to one more. */
  readonly #waiting = new Map<string, SavedFile[]>();
  /** The plugins whose last reload was refused or has failed. */
  readonly #behind = new Set<string>();
  #reloads = 0;
  /** When the present reload began, by the monotonic clock. */
  #busySince: number | undefined;

  constructor(options: PluginReloaderOptions) {
    this.#options = options;
    const workspace = workspaceOf(options.definition.dir);
    this.#source = workspace === undefined ? undefined : new WorkspaceSource(workspace);
  }

  /** Reloads the plugins of the saved files, as far as this service uses them. It never rejects. */
  async onSaved(saved: readonly SavedFile[]): Promise<void> {
    for (const each of saved) this.#waiting.set(each.folder, [...(this.#waiting.get(each.folder) ?? []), each]);
    if (this.#busySince !== undefined) {
      const ms = performance.now() - this.#busySince;
      if (ms > (this.#options.stuckMs ?? defaultStuckMs)) this.#restart(saved, "a reload has not ended");
      return;
    }
    // A folder that is saved again during its reload is added to the map again, and so reached again.
    for (const [folder, files] of this.#waiting) {
      this.#busySince = performance.now();
      this.#waiting.delete(folder);
      await this.#react(folder, files);
    }
    this.#busySince = undefined;
  }

  async #react(folder: string, files: readonly SavedFile[]): Promise<void> {
    this.#source?.refresh();
    const { plugins } = this.#options.service.status();
    const plugin = plugins.find((each) => this.#isOf(each, folder));
    const others = plugins.flatMap(({ rootDir }) => (rootDir === undefined || rootDir === folder ? [] : [rootDir]));
    const isShared = this.#options.imported.isSharedWith(folder, others);
    if (plugin === undefined) {
      if (isShared) this.#restart(files, "other plugins import files of that package");
      return;
    }
    const reaction = reactionTo(files, this.#factsOf(plugin, isShared));
    if (reaction === "restart") this.#restart(files, `a reload of ${plugin.name} would not be enough`);
    if (reaction === "reload") await this.#reload(plugin.name);
  }

  #isOf({ name, rootDir }: PluginStatus, folder: string): boolean {
    return rootDir === folder || this.#source?.find(packageNameOf(name)) === folder;
  }

  #factsOf({ name, state }: PluginStatus, isShared: boolean): SavedPlugin {
    const { definition, imported } = this.#options;
    const source = this.#source;
    return {
      state,
      hasPart: source === undefined || hasPartFor(definition.name, name, source),
      isBehind: this.#behind.has(name),
      migrationsDir: source && tryMigrationsDir(name, source),
      isShared,
      hasImported: (file) => imported.has(file),
    };
  }

  async #reload(plugin: string): Promise<void> {
    const { service } = this.#options;
    const { outcome } = await service.change({ kind: "reload", plugin });
    if (outcome === "done") this.#behind.delete(plugin);
    else this.#behind.add(plugin);
    this.#reloads += 1;
    if (this.#reloads !== manyReloads) return;
    service.logger.info(
      "Plugins were reloaded %d times. Node keeps the code of each version in memory; a restart of the service frees it",
      manyReloads,
    );
  }

  #restart([saved]: readonly SavedFile[], why: string): void {
    this.#options.service.logger.info("%s was saved, and the service restarts: %s", saved?.file, why);
    this.#options.onRestartNeeded();
  }
}

function tryMigrationsDir(name: string, source: WorkspaceSource): string | undefined {
  try {
    return migrationsDirOf({ name, ...resolvePlugin(name, [source]) });
  } catch (error) {
    // The reload reports the mistake.
    if (PeekError.is(error)) return undefined;
    throw error;
  }
}
