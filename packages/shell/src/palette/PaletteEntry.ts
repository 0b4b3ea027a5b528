import type { CataloguePlugin, WebCatalogue } from "@peek/web/protocol";
import { paths, pluginPath } from "../navigation/paths.ts";
import type { Texts } from "../texts/Texts.ts";

/** A page or a command that the palette offers. */
export interface PaletteEntry {
  readonly id: string;
  readonly title: string;
  /** The plugin's title, or what kind of entry it is. */
  readonly group: string;
  readonly icon: string;
  /** All that the search looks at. */
  readonly searched: string;
  readonly action: { readonly open: string } | { readonly plugin: CataloguePlugin; readonly command: string };
}

/** The pages of the shell and of plugins, and the plugins' commands. */
export function paletteEntries({ plugins }: Pick<WebCatalogue, "plugins">, texts: Texts): readonly PaletteEntry[] {
  const own = [
    { to: paths.home, title: texts.home, icon: "house" },
    { to: paths.settings, title: texts.settings, icon: "settings" },
    { to: paths.about, title: texts.about, icon: "info" },
  ];
  return [
    ...plugins.flatMap((plugin) => [...pagesOf(plugin), ...commandsOf(plugin)]),
    ...own.map(({ to, title, icon }) => ({ id: to, title, group: "", icon, searched: title, action: { open: to } })),
  ];
}

function pagesOf({ name, title: group, icon, routes }: CataloguePlugin): readonly PaletteEntry[] {
  return routes
    .filter(({ path }) => !path.includes(":"))
    .map((route) => {
      const to = pluginPath(name, route.path);
      const { title } = route;
      return { id: to, title, group, icon: route.icon ?? icon, searched: `${group} ${title}`, action: { open: to } };
    });
}

function commandsOf(plugin: CataloguePlugin): readonly PaletteEntry[] {
  const { name, title: group, commands } = plugin;
  return commands.map(({ id, title, icon = "terminal", keywords }) => ({
    id: `${name} ${id}`,
    title,
    group,
    icon,
    searched: [group, title, ...keywords].join(" "),
    action: { plugin, command: id },
  }));
}
