import type { ServiceConfigInput } from "@peek/config";
import { PeekError } from "@peek/errors";
import { resolvePlugin, WorkspaceSource } from "@peek/loader";
import { pluginNameOf, isPluginName, type ServiceName } from "@peek/plugin-base";
import { siteOf } from "./siteOf.ts";
import { workspaceOf } from "./workspace.ts";

/**
 * What a developer wants config.json to be made with: everything logged, every plugin of the workspace that has a
 * part for the service, and browsers let in without a login.
 */
export function developmentConfig(service: ServiceName, serviceDir: string): ServiceConfigInput {
  const workspace = workspaceOf(serviceDir);
  const enabled = workspace === undefined ? [] : runnablePlugins(service, new WorkspaceSource(workspace));
  const site = siteOf(service);
  return {
    logging: { level: "DEBUG" },
    plugin: { enabled: [...enabled] },
    ...(site !== undefined && { httpServer: anonymousSites(service, site) }),
  };
}

/** Logic has to let field and office have such browsers too. */
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

function hasPartFor(service: ServiceName, name: string, source: WorkspaceSource): boolean {
  try {
    return resolvePlugin(name, [source]).manifest.requiresServices.includes(service);
  } catch (error) {
    // Its manifest has a mistake. Enabled, it is named in the log with what to mend; left out, it is merely absent.
    if (PeekError.is(error)) return true;
    throw error;
  }
}
