import type { ServiceConfigInput } from "@peek/config";
import { PeekError } from "@peek/errors";
import { resolvePlugin, WorkspaceSource } from "@peek/loader";
import { pluginNameOf, isPluginName, type ServiceName } from "@peek/plugin-base";
import { workspaceOf } from "./workspace.ts";

/**
 * What a developer wants config.json to be made with: everything logged, and every plugin of the workspace that has a
 * part for the service.
 */
export function developmentConfig(service: ServiceName, serviceDir: string): ServiceConfigInput {
  const workspace = workspaceOf(serviceDir);
  const enabled = workspace === undefined ? [] : runnablePlugins(service, new WorkspaceSource(workspace));
  return { logging: { level: "DEBUG" }, plugin: { enabled: [...enabled] } };
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
