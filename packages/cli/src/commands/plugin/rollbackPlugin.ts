import type { InstalledVersion } from "@peek/archive";
import { PeekError } from "@peek/errors";
import { isPluginName, packageNameOf } from "@peek/plugin-base";
import { Command } from "commander";
import { servicesOption } from "../../arguments.ts";
import { localServices } from "../../LocalService.ts";
import { noteIfRunning } from "../../running.ts";
import type { ServiceOption } from "./ServiceOption.ts";
import { type SoftwareFolder, softwareFolders } from "./SoftwareFolder.ts";

interface RollbackOptions extends ServiceOption {
  readonly to?: string;
}

/** `peek plugin rollback` */
export function rollbackCommand(): Command {
  return new Command("rollback")
    .description("make the version current that was installed before")
    .argument("<plugin>", "the plugin, such as peek_plugin_tutorial")
    .addOption(servicesOption())
    .option("--to <version>", "an installed version; default: the last one that is not current")
    .action(async (name: string, options: RollbackOptions) => {
      const { currentVersion, installedVersions, VersionStore } = await import("@peek/archive");
      const packageName = packageNameOf(isPluginName(name) ? name : "");
      const folders = softwareFolders(localServices(options.service)).filter(
        ({ dir }) => packageName !== "" && currentVersion(dir, packageName) !== undefined,
      );
      if (folders.length === 0) throw notInstalled(name, "is not installed from an archive");
      // All before the first change.
      const plans = folders.map((folder) => {
        const current = currentVersion(folder.dir, packageName);
        return {
          folder,
          current,
          target: target(name, folder, installedVersions(folder.dir, packageName), current, options.to),
        };
      });
      for (const { folder, current, target } of plans) {
        using store = VersionStore.open(folder.dir);
        store.journal.supersede(name);
        store.activate(packageName, target);
        for (const service of folder.services) {
          console.log(`${service.name}: ${name} rolled back to ${target.version}, after ${current?.version}`);
          noteIfRunning(service);
        }
      }
    });
}

function target(
  name: string,
  { services }: SoftwareFolder,
  versions: readonly InstalledVersion[],
  current: InstalledVersion | undefined,
  wanted: string | undefined,
): InstalledVersion {
  const others = versions.filter(({ dir }) => dir !== current?.dir);
  const found = others.find(({ version }) => wanted === undefined || version === wanted);
  if (found !== undefined) return found;
  const where = services.map((service) => service.name).join(", ");
  const present = versions.map(({ version }) => version).join(", ");
  throw notInstalled(
    name,
    `has no ${wanted === undefined ? "earlier version" : `other version ${wanted}`} on ${where}; installed: ${present}`,
  );
}

function notInstalled(name: string, what: string): PeekError {
  return new PeekError(
    "PLUGIN_VERSION_NOT_INSTALLED",
    `${name} ${what}. Install an archive of the version that you need with peek plugin install.`,
    { fields: { plugin: name } },
  );
}
