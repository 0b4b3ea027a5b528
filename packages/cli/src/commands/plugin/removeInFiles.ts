import { ArchiveFolder, installedVersions, openWhenFree } from "@peek/archive";
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { resolveInHome } from "@peek/config";
import { PeekError } from "@peek/errors";
import { isPluginName, packageNameOf } from "@peek/plugin-base";
import { configOf, type LocalService, localServices } from "../../LocalService.ts";
import { printJson } from "../../output.ts";
import { noteIfRunning } from "../../running.ts";
import { changeEnabled } from "./changeEnabled.ts";
import type { RemoveOptions } from "./removePlugin.ts";
import { sayHowToDropTables } from "./sayHowToDropTables.ts";
import { isInUse, type SoftwareFolder, softwareFolders } from "./SoftwareFolder.ts";
import { forgetWanted, isOfLogic } from "./wantedVersions.ts";

/** Disables a plugin in the files of the services on this machine, and removes its versions. */
export async function removeInFiles(name: string, options: RemoveOptions): Promise<void> {
  if (!(await removeFromFiles(name, options))) {
    throw new PeekError(
      "PLUGIN_VERSION_NOT_INSTALLED",
      `${name} is not installed from an archive. A plugin that npm has installed is removed with npm.`,
      { fields: { plugin: name } },
    );
  }
  if (!options.json) sayHowToDropTables(name);
}

/** @returns false when the plugin is not installed from an archive. */
export async function removeFromFiles(name: string, options: RemoveOptions): Promise<boolean> {
  const { dryRun, json } = options;
  const packageName = packageNameOf(isPluginName(name) ? name : "");
  const folders = softwareFolders(localServices(options.service)).filter(
    ({ dir }) => packageName !== "" && installedVersions(dir, packageName).length > 0,
  );
  if (folders.length === 0) return false;
  const services = folders.flatMap((folder) => folder.services);
  const data = services.map((service) => dataFolder(service, name)).filter(existsSync);
  if (dryRun) {
    if (json) printJson({ dryRun, services: services.map((service) => service.name) });
    else for (const service of services) console.log(`${service.name}: ${name} would be disabled and removed`);
    return true;
  }
  const purges = options.purgeData && data.length > 0 && (await confirmed(data, options.yes));
  forgetWanted(name);
  for (const folder of folders) await removeFrom(folder, name, purges, json);
  if (json) printJson({ dryRun, services: services.map((service) => service.name), kept: purges ? [] : data });
  else if (!purges) sayWhatIsKept(name, data);
  return true;
}

async function confirmed(data: readonly string[], yes: boolean): Promise<boolean> {
  const { confirm } = await import("../../storage/confirm.ts");
  return confirm(`Delete ${data.join(", ")}?`, yes);
}

async function removeFrom(folder: SoftwareFolder, name: string, purges: boolean, json: boolean): Promise<void> {
  const packageName = packageNameOf(name);
  using store = await openWhenFree(folder.dir);
  store.journal.supersede(name);
  for (const service of folder.services) changeEnabled(service, "disable", name);
  // A running service may still import files of the version that it runs.
  const inUse = isInUse(folder);
  if (inUse) store.deactivate(packageName);
  else store.removeAll(packageName);
  if (isOfLogic(folder)) new ArchiveFolder(folder.dir).removeAll(name);
  for (const service of folder.services) {
    if (purges && !inUse) rmSync(dataFolder(service, name), { recursive: true, force: true });
    if (!json) console.log(`${service.name}: ${name} disabled${inUse ? "" : " and removed"}`);
    noteIfRunning(service);
    if (inUse) console.error(`peek: stop ${service.name}, and run this command again to remove its files`);
  }
}

function dataFolder(service: LocalService, name: string): string {
  return join(resolveInHome(service.home, configOf(service).plugin.dataPath), name);
}

function sayWhatIsKept(name: string, data: readonly string[]): void {
  for (const dir of data)
    console.log(`Kept: ${dir}. Delete it with peek plugin remove ${name} --purge-data, or by hand.`);
}
