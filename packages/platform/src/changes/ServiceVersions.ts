import { existsSync, realpathSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { currentVersion, type InstalledVersion, installedVersions, openWhenFree, receiveVersion } from "@peek/archive";
import { PeekError } from "@peek/errors";
import type { PluginStatus } from "@peek/loader";
import { isPluginName, packageNameOf, type PluginRpc } from "@peek/plugin-base";
import { PluginArchivesRpc } from "./archives/pluginArchivesRpc.ts";
import type { FetchRequest, PluginOnService, Uninstalled } from "./pluginChangesRpc.ts";
import { makeCurrent } from "./VersionChange.ts";

/** How long to wait for another process that uses the folder, such as a service that gets the same archive. In milliseconds. */
const lockMs = 120_000;
/** How long logic may take to send one part, in milliseconds. */
const partMs = 60_000;

/** The parts of a service that its versions of plugins depend on. */
export interface ServiceVersionsParts {
  /** The `plugin-software` folder. */
  readonly softwareDir: string;
  /** The folder of the plugins' data. */
  readonly dataPath: string;
  /** The version of the service, which is that of its `@peek/plugin-base`. */
  readonly version: string;
  readonly rpc: PluginRpc;
  /** Drops the schema of a plugin, and returns its name; undefined where it has none, or another service owns the database. */
  readonly dropSchema: (plugin: string) => Promise<string | undefined>;
  /** The states of the enabled plugins. */
  readonly statuses: () => readonly PluginStatus[];
}

/** The installed versions of plugins on one service, which logic adds and removes. */
export class ServiceVersions {
  readonly #parts: ServiceVersionsParts;

  constructor(parts: ServiceVersionsParts) {
    this.#parts = parts;
  }

  /** How a plugin is on the service. */
  state(plugin: string): PluginOnService {
    const { softwareDir, statuses } = this.#parts;
    const status = statuses().find(({ name }) => name === plugin);
    if (!isPluginName(plugin)) return { isEnabled: status !== undefined, versions: [] };
    const installed = this.#running(plugin, status);
    const current = currentVersion(softwareDir, packageNameOf(plugin));
    return {
      isEnabled: status !== undefined,
      ...(status?.version !== undefined && { version: status.version }),
      ...(installed !== undefined && { installed: basename(installed.dir) }),
      ...(current !== undefined && { current: basename(current.dir) }),
      versions: installedVersions(softwareDir, packageNameOf(plugin)).map(({ dir }) => basename(dir)),
    };
  }

  /**
   * Gets a version from logic, unless it is installed already.
   *
   * @returns Whether it was not installed before.
   * @throws PeekError as `receiveVersion`, or `PLUGIN_VERSION_NOT_INSTALLED`
   */
  async fetch({ plugin, version, hash }: FetchRequest, signal: AbortSignal): Promise<boolean> {
    const { softwareDir, rpc, version: pluginBase } = this.#parts;
    if (hash === undefined) {
      if (this.#find(plugin, version) !== undefined) return false;
      throw new PeekError(
        "PLUGIN_VERSION_NOT_INSTALLED",
        `${plugin} has no installed version ${version}, and logic keeps no archive of it. Name the archive with peek plugin upgrade.`,
        { fields: { plugin, version } },
      );
    }
    const logic = rpc.client(PluginArchivesRpc, { to: "logic", deadlineMs: partMs, signal });
    const read = async (offset: number): Promise<{ readonly data: Uint8Array; readonly bytes: number }> => {
      const { data, bytes } = await logic.read({ plugin, version, offset });
      return { data: Buffer.from(data, "base64"), bytes };
    };
    const received = { plugin, name: version, hash, pluginBase, read };
    return !(await receiveVersion(softwareDir, received, { waitMs: lockMs, signal }));
  }

  /** Removes a version that neither runs nor is current. @returns false when it does, or is not installed. */
  async discard(plugin: string, version: string): Promise<boolean> {
    const { installed, current } = this.state(plugin);
    if (installed === version || current === version) return false;
    using store = await openWhenFree(this.#parts.softwareDir);
    const found = this.#find(plugin, version);
    if (found !== undefined) store.remove(packageNameOf(plugin), found);
    return found !== undefined;
  }

  /**
   * Makes a version current.
   *
   * @param version Its name; null for none, so that another source is used.
   * @throws PeekError `PLUGIN_VERSION_NOT_INSTALLED`, or of the folder
   */
  async makeCurrent(plugin: string, version: string | null): Promise<void> {
    using store = await openWhenFree(this.#parts.softwareDir);
    const found = version === null ? undefined : this.#find(plugin, version);
    if (version !== null && found === undefined) {
      throw new PeekError("PLUGIN_VERSION_NOT_INSTALLED", `${plugin} has no installed version ${version}.`);
    }
    makeCurrent(store, packageNameOf(plugin), found);
  }

  /**
   * Removes all installed versions of a plugin that is not enabled any more.
   *
   * @param purgeData Whether the plugin's tables and its folder in `plugin-data` are deleted too.
   * @throws PeekError of the folder or of the database
   */
  async uninstall(plugin: string, purgeData: boolean): Promise<Uninstalled> {
    if (!isPluginName(plugin)) return { removed: [] };
    using store = await openWhenFree(this.#parts.softwareDir);
    store.journal.supersede(plugin);
    // First: when the database does not answer, the command can be repeated.
    const droppedSchema = purgeData ? await this.#parts.dropSchema(plugin) : undefined;
    const removed = store.removeAll(packageNameOf(plugin)).map(({ dir }) => basename(dir));
    const result = { removed, ...(droppedSchema !== undefined && { droppedSchema }) };
    const dir = join(this.#parts.dataPath, plugin);
    if (!existsSync(dir)) return result;
    if (purgeData) rmSync(dir, { recursive: true, force: true });
    return { ...result, data: { dir, isPurged: purgeData } };
  }

  #find(plugin: string, name: string): InstalledVersion | undefined {
    if (!isPluginName(plugin)) return undefined;
    return installedVersions(this.#parts.softwareDir, packageNameOf(plugin)).find(({ dir }) => basename(dir) === name);
  }

  #running(plugin: string, status: PluginStatus | undefined): InstalledVersion | undefined {
    const versions = installedVersions(this.#parts.softwareDir, packageNameOf(plugin));
    return versions.find(({ dir }) => realpathSync.native(dir) === status?.rootDir);
  }
}
