import { ExitCode } from "@peek/errors";
import { printJson } from "../../output.ts";
import type { ChangeOptions } from "./ChangeOptions.ts";
import { changeAway } from "./changeAway.ts";
import { changeRunning } from "./changeRunning.ts";
import { pluginAdmin } from "./pluginAdmin.ts";

/**
 * Enables or disables a plugin on the running services.
 *
 * @returns false when logic does not run on this machine, so that nothing was changed.
 */
export async function changeEnablement(
  kind: "enable" | "disable",
  name: string,
  options: ChangeOptions,
): Promise<boolean> {
  await using admin = await pluginAdmin();
  if (admin === undefined) return false;
  const result = await changeRunning(admin, { kind, plugin: name }, options);
  if (result === undefined) return true;
  const isMade = result.outcome === "done";
  const away = isMade ? changeAway(kind, name, result.away, options.dryRun) : [];
  if (options.json) printJson({ ...result, away });
  else {
    for (const instance of isMade ? result.unchanged : []) console.log(`${instance}: ${name} was already ${kind}d`);
    for (const { sentence } of away) console.log(sentence);
  }
  const isNowhere = result.services.length === 0 && result.unchanged.length === 0;
  if (isMade && isNowhere && away.every(({ isSaved }) => !isSaved)) process.exitCode = ExitCode.unavailable;
  return true;
}
