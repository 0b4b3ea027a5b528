import type { ServiceConfigInput } from "@peek/config";
import { PeekError } from "@peek/errors";
import { resolvePlugin, WorkspaceSource } from "@peek/loader";
import { pluginNameOf, isPluginName, type ServiceName } from "@peek/plugin-base";
import { siteNameOf } from "../site/siteNameOf.ts";
import { workspaceOf } from "./workspace.ts";

/**
 * The initial config.json for development: it logs everything, enables every plugin of the workspace that has a part for the
 * service, and admits browsers without a login.
 */
export function developmentConfig(service: ServiceName, serviceDir: string): ServiceConfigInput {
  const workspace = workspaceOf(serviceDir);
  const enabled = workspace === undefined ? [] : runnablePlugins(service, new WorkspaceSource(workspace));
  const site = siteNameOf(service);
  return {
    logging: { level: "DEBUG" },
    plugin: { enabled: [...enabled] },
    ...(site !== undefined && { httpServer: anonymousSites(service, site) }),
  };
}

/** Logic also has to allow field and office to have anonymous browsers. */
function anonymousSites(service: ServiceName, own: "admin" | "field" | "office"): ServiceConfigInput["httpServer"] {
  const anonymous = { anonymous: true };
  return service === "logic" ? { admin: anonymous, field: anonymous, office: anonymous } : { [own]: anonymous };
}

function runnablePlugins(service: ServiceName, source: WorkspaceSource): readonly string[] {
  return source
    .packageNames()
    .map(pluginNameOf)
    .filter((name) => isPluginName(name) && hasPartFor(service, name, source));
}

/** Whether the manifest of a plugin names a service; also true where the manifest has a mistake. */
export function hasPartFor(service: ServiceName, name: string, source: WorkspaceSource): boolean {
  try {
    return resolvePlugin(name, [source]).manifest.requiresServices.includes(service);
  } catch (error) {
    // Its manifest has a mistake, which the log reports once the plugin is enabled.
    if (PeekError.is(error)) return true;
    throw error;
  }
}
