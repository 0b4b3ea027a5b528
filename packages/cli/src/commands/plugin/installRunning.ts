import { existsSync } from "node:fs";
import { homeLockHolder } from "@peek/config";
import type { AdminResult } from "@peek/platform";
import { localServices } from "../../LocalService.ts";
import { printJson } from "../../output.ts";
import type { ArchiveOptions } from "./ArchiveOptions.ts";
import { changeRunning } from "./changeRunning.ts";
import { pluginAdmin } from "./pluginAdmin.ts";
import { printUnchanged } from "./printUnchanged.ts";
import { uploadArchive } from "./uploadArchive.ts";

/**
 * Installs an archive on the running services, and in the files of those on this machine that do not run.
 *
 * @returns false when logic does not run on this machine, so that nothing was changed.
 */
export async function installRunning(file: string, options: ArchiveOptions): Promise<boolean> {
  await using admin = await pluginAdmin();
  if (admin === undefined) return false;
  const uploaded = await uploadArchive(admin, file);
  if (uploaded === undefined) return true;
  const { plugin, version } = uploaded;
  const { allowDowngrade } = options;
  const result = await changeRunning(admin, { kind: "install", plugin, version, allowDowngrade }, options);
  if (result === undefined) return true;
  if (options.json) printJson(result);
  else printUnchanged(result, "runs the version already");
  if (result.outcome === "done") await installAway(file, plugin, result, options);
  return true;
}

async function installAway(
  file: string,
  plugin: string,
  { away }: AdminResult,
  options: ArchiveOptions,
): Promise<void> {
  const stopped = localServices(away).filter(
    ({ home }) => existsSync(home.configFile) && homeLockHolder(home) === undefined,
  );
  const here = stopped.map(({ name }) => name);
  for (const service of away.filter((each) => !here.includes(each))) {
    console.error(
      `peek: ${service} is not connected. If it exists, install ${plugin} on its machine before it starts: peek plugin install ${file} --service ${service}`,
    );
  }
  if (here.length === 0) return;
  const { installInFiles } = await import("./installInFiles.ts");
  await installInFiles(file, { ...options, service: here });
}
