import { PeekError } from "@peek/errors";
import type { SiteName } from "@peek/http";
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
    if (site === undefined) return [];
    const section = manifest[site]?.web;
    return section === undefined ? [] : [{ service, site, section }];
  });
  if (sections.length === 0) return [];
  const { readWebFolder } = await import("@peek/http/web");
  const problems = new Map<string, PeekError>();
  for (const { service, site, section } of sections) {
    try {
      if (!manifest.requiresServices.includes(service)) throw withoutPart(name, service, site);
      await readWebFolder({ plugin: name, version: manifest.plugin.version, rootDir, section });
    } catch (error) {
      if (!PeekError.is(error)) throw error;
      problems.set(error.message, error);
    }
  }
  return [...problems.values()];
}

function withoutPart(name: string, service: ServiceName, site: SiteName): PeekError {
  return new PeekError(
    "WEB_MODULE_INVALID",
    `${name} has no page on the ${site} site: plugin_package.json has ${site}.web, but no ${service} in requiresServices. Add it, with the plugin's part for ${service}.`,
    { fields: { plugin: name } },
  );
}
