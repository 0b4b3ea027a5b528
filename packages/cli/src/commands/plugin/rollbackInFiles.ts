import { currentVersion, type InstalledVersion, installedVersions, openWhenFree } from "@peek/archive";
import { PeekError } from "@peek/errors";
import { isPluginName, packageNameOf } from "@peek/plugin-base";
import { localServices } from "../../LocalService.ts";
import { printJson } from "../../output.ts";
import { noteIfRunning } from "../../running.ts";
import type { RollbackOptions } from "./rollbackPlugin.ts";
import { type SoftwareFolder, softwareFolders } from "./SoftwareFolder.ts";
import { forgetWanted } from "./wantedVersions.ts";

/** Makes another installed version current in the files of the services on this machine. */
export async function rollbackInFiles(
  name: string,
  { service: services, to, dryRun, json }: RollbackOptions,
): Promise<void> {
  const packageName = packageNameOf(isPluginName(name) ? name : "");
  const folders = softwareFolders(localServices(services)).filter(
    ({ dir }) => packageName !== "" && currentVersion(dir, packageName) !== undefined,
  );
  if (folders.length === 0) throw notInstalled(name, "is not installed from an archive");
  // All before the first change.
  const plans = folders.map((folder) => {
    const current = currentVersion(folder.dir, packageName);
    return { folder, current, target: target(name, folder, installedVersions(folder.dir, packageName), current, to) };
  });
  const done = plans.flatMap(({ folder, current, target }) =>
    folder.services.map((service) => ({ service, from: current?.version, to: target.version })),
  );
  if (!dryRun) {
    forgetWanted(name);
    for (const { folder, target } of plans) {
      using store = await openWhenFree(folder.dir);
      store.journal.supersede(name);
      store.activate(packageName, target);
    }
  }
  if (json)
    printJson({ dryRun, services: done.map(({ service, ...versions }) => ({ service: service.name, ...versions })) });
  for (const { service, from, to: version } of done) {
    const what = dryRun ? "would be rolled back" : "rolled back";
    if (!json) console.log(`${service.name}: ${name} ${what} to ${version}, after ${from}`);
    if (!dryRun) noteIfRunning(service);
  }
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
