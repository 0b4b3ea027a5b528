import { PeekError } from "@peek/errors";
import type { PluginInfo } from "@peek/loader";
import { serviceNames, type ServiceName } from "@peek/plugin-base";
import { siteNameOf } from "@peek/platform";

/**
 * Checks the folders of a plugin's web modules.
 *
 * @param services The services whose sites are checked. Default: all.
 * @returns Why modules cannot be loaded, each problem once.
 */
export async function webProblems(
  { name, rootDir, manifest }: PluginInfo,
  services: readonly ServiceName[] = serviceNames,
): Promise<readonly PeekError[]> {
  const sections = services.flatMap((service) => {
    const site = siteNameOf(service);
    return (site && manifest[site]?.web) ?? [];
  });
  if (sections.length === 0) return [];
  const { readWebFolder } = await import("@peek/http/web");
  const problems = new Map<string, PeekError>();
  for (const section of sections) {
    try {
      await readWebFolder({ plugin: name, version: manifest.plugin.version, rootDir, section });
    } catch (error) {
      if (!PeekError.is(error)) throw error;
      problems.set(error.message, error);
    }
  }
  return [...problems.values()];
}
