import type { AdminRequest, PluginAdmin } from "@peek/platform";
import { printJson } from "../../output.ts";
import type { ChangeOptions } from "./ChangeOptions.ts";
import { changeRunning } from "./changeRunning.ts";
import { printUnchanged } from "./printUnchanged.ts";

/** Has the running services run another version, and prints what becomes of the others. */
export async function changeVersions(
  admin: PluginAdmin,
  change: Pick<AdminRequest, "kind" | "plugin" | "version" | "allowDowngrade">,
  options: ChangeOptions,
): Promise<void> {
  const result = await changeRunning(admin, change, options);
  if (result === undefined) return;
  if (options.json) {
    printJson(result);
    return;
  }
  printUnchanged(result, "runs the version already");
  if (result.outcome !== "done") return;
  for (const service of result.away) {
    console.error(
      `peek: ${service} is not connected. If ${change.plugin} is enabled there, logic changes it when ${service} returns`,
    );
  }
}
