import { realpathSync } from "node:fs";
import { homeLockHolder, resolveInHome } from "@peek/config";
import { configOf, type LocalService } from "../../LocalService.ts";

/** A `plugin-software` folder, and the services on this machine that find plugins in it; usually one. */
export interface SoftwareFolder {
  readonly dir: string;
  readonly services: readonly LocalService[];
}

/** The `plugin-software` folders of services. Services whose `plugin.softwarePath` is the same folder share one. */
export function softwareFolders(services: readonly LocalService[]): readonly SoftwareFolder[] {
  const byFolder = Map.groupBy(services, (service) =>
    realPath(resolveInHome(service.home, configOf(service).plugin.softwarePath)),
  );
  return [...byFolder].map(([dir, services]) => ({ dir, services }));
}

/** Whether a service runs that uses the folder: then it may still import files of versions that are no longer current. */
export function isInUse({ services }: SoftwareFolder): boolean {
  return services.some(({ home }) => homeLockHolder(home) !== undefined);
}

function realPath(dir: string): string {
  try {
    return realpathSync(dir);
  } catch {
    // The folder does not exist yet.
    return dir;
  }
}
