import { resolveInHome, type ServiceConfig, type ServiceHome } from "@peek/config";
import { InstalledSource, NodeModulesSource, type PluginSource, WorkspaceSource } from "@peek/loader";
import { workspaceOf } from "./workspace.ts";

/**
 * The places where a service looks for plugins, in this order:
 *
 * 1. the folder `plugins` of the workspace, when the service runs from one;
 * 2. the service's own dependencies;
 * 3. the plugins in `plugin.softwarePath`, a folder in the home, that were installed from archives;
 * 4. the packages there that were installed with npm.
 */
export function pluginSources(serviceDir: string, home: ServiceHome, config: ServiceConfig): readonly PluginSource[] {
  const workspace = workspaceOf(serviceDir);
  const software = resolveInHome(home, config.plugin.softwarePath);
  return [
    ...(workspace === undefined ? [] : [new WorkspaceSource(workspace)]),
    new NodeModulesSource("the service's own dependencies", serviceDir),
    new InstalledSource(software),
    new NodeModulesSource("plugin.softwarePath", software, { upwards: false }),
  ];
}

/**
 * The conditions of a package's "exports" that apply in this process, beside Node's own. When the service runs from
 * TypeScript, Node was started with `--conditions=@peek/source`, and plugins in the workspace run from their source too.
 */
export const packageConditions: readonly string[] = import.meta.url.endsWith(".ts") ? ["@peek/source"] : [];
