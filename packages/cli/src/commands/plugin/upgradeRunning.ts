import type { ArchiveOptions } from "./ArchiveOptions.ts";
import { changeVersions } from "./changeVersions.ts";
import { parseVersion } from "./parseVersion.ts";
import { pluginAdmin } from "./pluginAdmin.ts";
import { uploadArchive } from "./uploadArchive.ts";

/**
 * Upgrades a plugin on the running services.
 *
 * @returns false when logic does not run on this machine, so that nothing was changed.
 */
export async function upgradeRunning(archive: string, options: ArchiveOptions): Promise<boolean> {
  await using admin = await pluginAdmin();
  if (admin === undefined) return false;
  const chosen = parseVersion(archive) ?? (await uploadArchive(admin, archive));
  if (chosen === undefined) return true;
  const { plugin, version } = chosen;
  const { allowDowngrade } = options;
  await changeVersions(admin, { kind: "upgrade", plugin, version, allowDowngrade }, options);
  return true;
}
