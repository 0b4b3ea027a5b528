import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { resolveInHome } from "@peek/config";
import { PeekError } from "@peek/errors";
import { isPluginName, packageNameOf } from "@peek/plugin-base";
import { Command } from "commander";
import { servicesOption } from "../../arguments.ts";
import { configOf, type LocalService, localServices } from "../../LocalService.ts";
import { noteIfRunning } from "../../running.ts";
import { changeEnabled } from "./changeEnabled.ts";
import type { ServiceOption } from "./ServiceOption.ts";
import { isInUse, type SoftwareFolder, softwareFolders } from "./SoftwareFolder.ts";

interface RemoveOptions extends ServiceOption {
  readonly purgeData: boolean;
  readonly yes: boolean;
}

/** `peek plugin remove` */
export function removeCommand(): Command {
  return new Command("remove")
    .description("disable a plugin that was installed from an archive, and remove its versions; its data is kept")
    .argument("<plugin>", "the plugin, such as peek_plugin_tutorial")
    .addOption(servicesOption())
    .option("--purge-data", "also delete its folder in plugin-data", false)
    .option("-y, --yes", "confirm --purge-data", false)
    .action(async (name: string, options: RemoveOptions) => {
      const { installedVersions } = await import("@peek/archive");
      const packageName = packageNameOf(isPluginName(name) ? name : "");
      const folders = softwareFolders(localServices(options.service)).filter(
        ({ dir }) => packageName !== "" && installedVersions(dir, packageName).length > 0,
      );
      if (folders.length === 0) {
        throw new PeekError(
          "PLUGIN_VERSION_NOT_INSTALLED",
          `${name} is not installed from an archive. A plugin that npm has installed is removed with npm.`,
          { fields: { plugin: name } },
        );
      }
      const data = folders
        .flatMap(({ services }) => services.map((service) => dataFolder(service, name)))
        .filter(existsSync);
      const purges = options.purgeData && data.length > 0 && (await confirmed(data, options.yes));
      for (const folder of folders) await removeFrom(folder, name, purges);
      sayWhatIsKept(name, purges ? [] : data);
    });
}

async function confirmed(data: readonly string[], yes: boolean): Promise<boolean> {
  const { confirm } = await import("../../storage/confirm.ts");
  return confirm(`Delete ${data.join(", ")}?`, yes);
}

async function removeFrom(folder: SoftwareFolder, name: string, purges: boolean): Promise<void> {
  const { VersionStore } = await import("@peek/archive");
  const packageName = packageNameOf(name);
  using store = VersionStore.open(folder.dir);
  store.journal.supersede(name);
  for (const service of folder.services) changeEnabled(service, "disable", name);
  // A running service may still import files of the version that it runs.
  const inUse = isInUse(folder);
  if (inUse) store.deactivate(packageName);
  else store.removeAll(packageName);
  for (const service of folder.services) {
    if (purges && !inUse) rmSync(dataFolder(service, name), { recursive: true, force: true });
    console.log(`${service.name}: ${name} disabled${inUse ? "" : " and removed"}`);
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
  console.log(
    `Kept: its tables, the schema ${name} of the database, if it has any. Delete them with DROP SCHEMA ${name} CASCADE.`,
  );
}
