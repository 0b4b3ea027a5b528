import { existsSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { ServiceHome } from "@peek/config";
import { manifestName, WorkspaceSource } from "@peek/loader";
import { workspaceOf } from "./workspace.ts";

/**
 * Has `node --watch` restart the service also when its configuration or a plugin's manifest is edited: Node watches
 * what is imported, whatever comes of it.
 */
export async function watchDevelopmentFiles(serviceDir: string, home: ServiceHome): Promise<void> {
  const workspace = workspaceOf(serviceDir);
  const manifests = workspace === undefined ? [] : manifestsIn(new WorkspaceSource(workspace));
  const files = [home.configFile, ...manifests].filter((file) => existsSync(file));
  // One that is not JSON just now is watched all the same; whoever reads it says what is wrong.
  await Promise.allSettled(files.map((file) => import(pathToFileURL(file).href, { with: { type: "json" } })));
}

function manifestsIn(source: WorkspaceSource): readonly string[] {
  return source.packageNames().flatMap((name) => {
    const dir = source.find(name);
    return dir === undefined ? [] : [join(dir, manifestName)];
  });
}
