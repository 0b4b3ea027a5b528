import { existsSync } from "node:fs";
import { homeLockHolder } from "@peek/config";
import type { AdminResult } from "@peek/platform";
import type { ServiceName } from "@peek/plugin-base";
import { localServices } from "../../LocalService.ts";
import { printJson } from "../../output.ts";
import { printable } from "../../printable.ts";
import { changeRunning } from "./changeRunning.ts";
import { pluginAdmin } from "./pluginAdmin.ts";
import type { RemoveOptions } from "./removePlugin.ts";
import { sayHowToDropTables } from "./sayHowToDropTables.ts";

/**
 * Removes a plugin from the running services, and from the files of those on this machine that do not run.
 *
 * @returns false when logic does not run on this machine, so that nothing was changed.
 */
export async function removeRunning(plugin: string, options: RemoveOptions): Promise<boolean> {
  await using admin = await pluginAdmin();
  if (admin === undefined) return false;
  const { purgeData, dryRun, json } = options;
  if (purgeData && !dryRun) {
    const { confirm } = await import("../../storage/confirm.ts");
    if (
      !(await confirm(
        `Remove ${plugin}, and delete its tables and its folders in plugin-data on all services?`,
        options.yes,
      ))
    ) {
      console.log("Nothing was removed.");
      return true;
    }
  }
  const result = await changeRunning(admin, { kind: "remove", plugin, purgeData }, options);
  if (result === undefined) return true;
  if (json) printJson(result);
  if (result.outcome !== "done" || dryRun) return true;
  if (!json) printData(plugin, result);
  await removeAway(plugin, result.away, options);
  return true;
}

function printData(plugin: string, { services }: AdminResult): void {
  for (const { instance, uninstalled } of services) {
    const { removed = [], data, droppedSchema } = uninstalled ?? {};
    console.log(printable(`${instance}: removed ${removed.join(", ") || "no version"}`));
    if (droppedSchema !== undefined)
      console.log(printable(`${instance}: the schema ${droppedSchema} deleted with its tables`));
    if (data === undefined) continue;
    const what = data.isPurged ? "deleted" : `kept. Delete it by hand; it belongs to ${plugin} if you install it again`;
    console.log(printable(`${instance}: ${data.dir} ${what}`));
  }
  if (!services.some(({ uninstalled }) => uninstalled?.droppedSchema !== undefined)) sayHowToDropTables(plugin);
}

async function removeAway(plugin: string, away: readonly ServiceName[], options: RemoveOptions): Promise<void> {
  const stopped = localServices(away).filter(
    ({ home }) => existsSync(home.configFile) && homeLockHolder(home) === undefined,
  );
  const here = stopped.map(({ name }) => name);
  for (const service of away.filter((each) => !here.includes(each))) {
    console.error(
      `peek: ${service} is not connected. If ${plugin} is installed there, remove it on its machine before it starts: peek plugin remove ${plugin} --service ${service}`,
    );
  }
  if (here.length === 0) return;
  const { removeFromFiles } = await import("./removeInFiles.ts");
  await removeFromFiles(plugin, { ...options, service: here });
}
