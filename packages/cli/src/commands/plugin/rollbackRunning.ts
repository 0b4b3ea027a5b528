import { changeVersions } from "./changeVersions.ts";
import { pluginAdmin } from "./pluginAdmin.ts";
import type { RollbackOptions } from "./rollbackPlugin.ts";

/**
 * Rolls a plugin back on the running services.
 *
 * @returns false when logic does not run on this machine, so that nothing was changed.
 */
export async function rollbackRunning(plugin: string, { to, ...options }: RollbackOptions): Promise<boolean> {
  await using admin = await pluginAdmin();
  if (admin === undefined) return false;
  await changeVersions(admin, { kind: "rollback", plugin, ...(to !== undefined && { version: to }) }, options);
  return true;
}
