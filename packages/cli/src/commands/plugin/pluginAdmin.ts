import { homeLockHolder } from "@peek/config";
import { PeekError } from "@peek/errors";
import { openPluginAdmin, type PluginAdmin } from "@peek/platform";
import { commandLogger } from "../../commandLogger.ts";
import { configOf, localServices } from "../../LocalService.ts";
import { packageVersion } from "../../packageVersion.ts";

/** How long to wait for the connection to logic, in milliseconds. */
const connectMs = 10_000;

/**
 * Connects to logic on this machine.
 *
 * @returns undefined when logic does not run here.
 * @throws PeekError as `openPluginAdmin`
 */
export async function pluginAdmin(): Promise<PluginAdmin | undefined> {
  const [logic] = localServices(["logic"]);
  if (logic === undefined || homeLockHolder(logic.home) === undefined) return undefined;
  return await openPluginAdmin({
    service: "logic",
    home: logic.home,
    config: configOf(logic),
    version: packageVersion(),
    timeoutMs: connectMs,
    logger: commandLogger,
  });
}

/** @throws PeekError `LOGIC_NOT_RUNNING`, or as {@link pluginAdmin}. */
export async function requirePluginAdmin(what: string): Promise<PluginAdmin> {
  const admin = await pluginAdmin();
  if (admin !== undefined) return admin;
  throw new PeekError(
    "LOGIC_NOT_RUNNING",
    `Logic does not run on this machine, so that ${what}. Run the command where logic runs, with the PEEK_HOME of logic.`,
  );
}
