import type { PeekUser } from "@peek/plugin-base";
import { type CataloguePlugin, webPaths } from "@peek/web/protocol";
import { isInGroups, maySee } from "./maySee.ts";
import type { LoadedWebModule } from "./WebModuleLoader.ts";
import type { ShownWebModule } from "./WebModules.ts";

/** A module of the catalogue. */
export interface CatalogueModule extends ShownWebModule {
  readonly loaded: LoadedWebModule;
}

/** The part of a plugin that a user sees; undefined when the plugin is not for the user. */
export function cataloguePluginOf(
  { module, state, loaded }: CatalogueModule,
  user: Pick<PeekUser, "groups">,
): CataloguePlugin | undefined {
  const { plugin, version, section } = module;
  if (!maySee(section, user)) return undefined;
  const title = section.title ?? module.title;
  const routes = section.routes.filter((route) => isInGroups(route, user));
  const commands = (section.commands ?? []).filter((command) => isInGroups(command, user));
  return {
    name: plugin,
    title,
    version,
    ...filesOf(plugin, loaded),
    icon: section.icon ?? "puzzle",
    showHomeLink: section.showHomeLink ?? true,
    showInTitleBar: section.showInTitleBar ?? false,
    titleBarText: section.titleBarText ?? title,
    ...(section.badge !== undefined && { badge: section.badge }),
    routes: routes.map(({ path, title, icon, showInMenu }) => ({
      path,
      title,
      ...(icon !== undefined && { icon }),
      showInMenu: showInMenu ?? !path.includes(":"),
    })),
    commands: commands.map(({ id, title, icon, keywords = [] }) => ({
      id,
      title,
      ...(icon !== undefined && { icon }),
      keywords,
    })),
    settings: section.settings ?? false,
    state,
  };
}

function filesOf(
  plugin: string,
  loaded: LoadedWebModule,
): Pick<CataloguePlugin, "webApi" | "hash" | "module" | "styles" | "parts" | "problem"> {
  if (!loaded.ok) {
    const { code, message } = loaded.problem;
    return { webApi: "", hash: "", module: "", styles: [], parts: [], problem: { code, message } };
  }
  const { hash, built, folder } = loaded;
  const pathOf = (file: string): string => `${webPaths.modules}${plugin}/${hash}/${file}`;
  const shown = new Set([built.module, ...built.styles]);
  const parts = folder.files.filter((file) => !shown.has(file) && !file.endsWith(".map"));
  return {
    webApi: built.webApi,
    hash,
    module: pathOf(built.module),
    styles: built.styles.map(pathOf),
    parts: parts.map(pathOf),
  };
}
