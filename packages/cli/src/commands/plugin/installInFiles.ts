import { existsSync, realpathSync } from "node:fs";
import { dirname } from "node:path";
import {
  ArchiveFolder,
  type ArchiveExpectation,
  currentVersion,
  type InstalledVersion,
  openWhenFree,
  readArchive,
  type UnpackedVersion,
  type VersionStore,
} from "@peek/archive";
import { PeekError } from "@peek/errors";
import { resolvePlugin } from "@peek/loader";
import { packageNameOf, type ServiceName } from "@peek/plugin-base";
import { configOf, type LocalService, localServices, sourcesOf } from "../../LocalService.ts";
import { printJson } from "../../output.ts";
import { packageVersion } from "../../packageVersion.ts";
import { noteIfRunning } from "../../running.ts";
import { changeEnabled } from "./changeEnabled.ts";
import type { ArchiveOptions } from "./ArchiveOptions.ts";
import { forgetWanted, isOfLogic } from "./wantedVersions.ts";
import { isInUse, type SoftwareFolder, softwareFolders } from "./SoftwareFolder.ts";

/** The effect of an installation on one service. */
interface Installation {
  readonly service: ServiceName;
  readonly plugin: string;
  readonly version: string;
  /** The version that was current before; undefined without one. */
  readonly previous: string | undefined;
  /** Whether plugin.enabled of the service was changed. */
  readonly enabled: boolean;
}

/** Installs an archive in the files of the services on this machine. */
export async function installInFiles(file: string, options: ArchiveOptions): Promise<void> {
  const services = await targetServices(file, options);
  const done = options.dryRun ? await verified(file, services, options) : await installed(file, services, options);
  if (options.json) printJson({ dryRun: options.dryRun, services: done });
  else for (const each of done) console.log(sentence(each, options.dryRun));
  if (options.dryRun) return;
  for (const service of services) {
    noteIfShadowed(service, done[0]?.plugin);
    noteIfRunning(service);
  }
}

function sentence({ service, plugin, version, previous, enabled }: Installation, dryRun: boolean): string {
  const from = previous === undefined ? "" : `, after ${previous}`;
  return `${service}: ${plugin} ${version} ${dryRun ? "would be installed" : "installed"}${enabled ? " and enabled" : ""}${from}`;
}

function expectationOf({ service: services, allowDowngrade }: ArchiveOptions): ArchiveExpectation {
  // All packages of Peek have one version.
  return { pluginBase: packageVersion(), allowDowngrade, ...(services !== undefined && { services }) };
}

/** The services that get the plugin. The archive is verified before: nothing is written for one that is refused. */
async function targetServices(file: string, options: ArchiveOptions): Promise<readonly LocalService[]> {
  const { manifest } = await readArchive(file, { expected: expectationOf(options) });
  if (options.service !== undefined) return localServices(options.service);
  const all = localServices();
  const present = all.filter(({ home, dir }) => dir !== undefined || existsSync(home.dir));
  const targets = present.filter(({ name }) => manifest.services.includes(name));
  if (targets.length > 0) return targets;
  throw new PeekError(
    "PLUGIN_NOT_FOR_SERVICE",
    `${manifest.plugin} has parts for ${manifest.services.join(", ") || "no service"}, and none of these has a home in ${all.map(({ home }) => dirname(home.dir))[0]}. Set PEEK_HOME to the folder of the homes, or name a service with --service.`,
    { fields: { file, plugin: manifest.plugin } },
  );
}

async function verified(
  file: string,
  services: readonly LocalService[],
  options: ArchiveOptions,
): Promise<readonly Installation[]> {
  const { manifest } = await readArchive(file);
  const { plugin, version } = manifest;
  const results: Installation[] = [];
  for (const folder of softwareFolders(services)) {
    const previous = currentVersion(folder.dir, packageNameOf(plugin))?.version;
    await readArchive(file, { expected: { ...expectationOf(options), plugin, current: previous } });
    for (const service of folder.services) {
      const enabled = !configOf(service).plugin.enabled.includes(plugin);
      results.push({ service: service.name, plugin, version, previous, enabled });
    }
  }
  return results;
}

interface OpenFolder {
  readonly folder: SoftwareFolder;
  readonly store: VersionStore;
  readonly plugin: string;
  readonly packageName: string;
  readonly unpacked: UnpackedVersion;
  readonly previous: InstalledVersion | undefined;
}

/** Unpacks the archive for all services before it becomes current for one. */
async function installed(
  file: string,
  services: readonly LocalService[],
  options: ArchiveOptions,
): Promise<readonly Installation[]> {
  using stores = new DisposableStack();
  using unneeded = new DisposableStack();
  const open: OpenFolder[] = [];
  for (const folder of softwareFolders(services)) {
    const store = stores.use(await openWhenFree(folder.dir));
    const unpacked = await store.unpack(file, { expected: expectationOf(options) });
    const { plugin } = unpacked.archive.manifest;
    const packageName = packageNameOf(plugin);
    if (!unpacked.wasInstalled) unneeded.defer(() => store.remove(packageName, unpacked));
    open.push({ folder, store, plugin, packageName, unpacked, previous: store.current(packageName) });
  }
  for (const { folder, plugin, unpacked } of open) {
    // Logic sends it to services that do not have it.
    if (isOfLogic(folder)) {
      new ArchiveFolder(folder.dir).keepCopy(file, { plugin, version: unpacked.version, hash: unpacked.archive.hash });
    }
  }
  unneeded.move();
  for (const { plugin } of open.slice(0, 1)) forgetWanted(plugin);
  return open.flatMap(activate);
}

function activate({ folder, store, plugin, packageName, unpacked, previous }: OpenFolder): readonly Installation[] {
  store.journal.supersede(plugin);
  store.activate(packageName, unpacked);
  const results = folder.services.map((service) => ({
    service: service.name,
    plugin,
    version: unpacked.version,
    previous: previous?.version,
    enabled: changeEnabled(service, "enable", plugin),
  }));
  if (!isInUse(folder)) store.prune(packageName);
  return results;
}

/** Notes that a service finds the plugin in a place that comes before the installed archives. */
function noteIfShadowed(service: LocalService, plugin: string | undefined): void {
  if (plugin === undefined) return;
  const sources = sourcesOf(service, configOf(service));
  const { rootDir, source, shadowed } = resolvePlugin(plugin, sources);
  if (shadowed.length === 0 || isArchived(rootDir)) return;
  console.error(`peek: ${service.name} uses ${plugin} of ${source}, not the installed one. Remove it from there.`);
}

function isArchived(rootDir: string): boolean {
  return existsSync(`${realpathSync(rootDir)}/peek-archive.json`);
}
