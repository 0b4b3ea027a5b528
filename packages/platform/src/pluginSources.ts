import { resolveInHome, type ServiceConfig, type ServiceHome } from "@peek/config";
import { NodeModulesSource, type PluginSource, WorkspaceSource } from "@peek/loader";
import { workspaceOf } from "./workspace.ts";

/**
 * Where a service looks for plugins, first the first:
 *
 * 1. the folder `plugins` of the workspace, when the service runs from one;
 * 2. the service's own dependencies;
 * 3. `plugin.softwarePath`, a folder in the home that plugins were installed to with npm.
 */
export function pluginSources(serviceDir: string, home: ServiceHome, config: ServiceConfig): readonly PluginSource[] {
  const workspace = workspaceOf(serviceDir);
  const software = resolveInHome(home, config.plugin.softwarePath);
  return [
    ...(workspace === undefined ? [] : [new WorkspaceSource(workspace)]),
    new NodeModulesSource("the service's own dependencies", serviceDir),
    new NodeModulesSource("plugin.softwarePath", software, { upwards: false }),
  ];
}

/**
 * Which conditions of a package's "exports" hold in this process, beside Node's own. Run from TypeScript, Node was
 * started with `--conditions=@peek/source`, and a plugin in the workspace is run from its source too.
 */
export const packageConditions: readonly string[] = import.meta.url.endsWith(".ts") ? ["@peek/source"] : [];
