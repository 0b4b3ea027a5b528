import { webPaths } from "@peek/web/protocol";

/** The pages of the shell itself. No plugin has such a name. */
export const paths = {
  home: "/",
  settings: `${webPaths.app}settings`,
  about: `${webPaths.app}about`,
} as const;

/** The path of a page of a plugin. @param path As in the plugin's manifest, with the values of its parameters. */
export function pluginPath(plugin: string, path = ""): string {
  const own = path.replace(/^\/+/, "");
  return `${webPaths.app}${plugin}${own === "" ? "" : `/${own}`}`;
}

/** The plugin and the path of one of its pages; undefined if the path is of another kind. */
export function parsePluginPath(path: string): { readonly plugin: string; readonly path: string } | undefined {
  const match = /^\/app\/(peek_[a-z0-9_]+)(?:\/(.*))?$/.exec(path);
  if (match?.[1] === undefined) return undefined;
  return { plugin: match[1], path: (match[2] ?? "").replace(/\/+$/, "") };
}
