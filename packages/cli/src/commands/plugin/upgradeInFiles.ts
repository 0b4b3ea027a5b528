import { readArchive } from "@peek/archive";
import { PeekError } from "@peek/errors";
import type { ServiceName } from "@peek/plugin-base";
import { configOf, localServices } from "../../LocalService.ts";
import type { ArchiveOptions } from "./ArchiveOptions.ts";
import { installInFiles } from "./installInFiles.ts";
import { parseVersion } from "./parseVersion.ts";
import { rollbackInFiles } from "./rollbackInFiles.ts";

/** Upgrades a plugin in the files of the services on this machine on which it is enabled. */
export async function upgradeInFiles(archive: string, options: ArchiveOptions): Promise<void> {
  const named = parseVersion(archive);
  const plugin = named?.plugin ?? (await readArchive(archive)).manifest.plugin;
  const service = enabledOn(plugin, options.service);
  if (named === undefined) await installInFiles(archive, { ...options, service });
  else await rollbackInFiles(plugin, { ...options, service, to: named.version });
}

function enabledOn(plugin: string, wanted: readonly ServiceName[] | undefined): readonly ServiceName[] {
  const enabled = localServices(wanted).filter((each) => configOf(each).plugin.enabled.includes(plugin));
  if (enabled.length > 0) return enabled.map(({ name }) => name);
  throw new PeekError(
    "PLUGIN_NOT_ENABLED",
    `${plugin} is enabled on no service here. Install it with peek plugin install.`,
    { fields: { plugin } },
  );
}
