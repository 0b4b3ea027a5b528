import type { PluginHost, WebUser } from "@peek/web/host";
import type { CataloguePlugin, WebCatalogue } from "@peek/web/protocol";
import { useMemo } from "react";
import { useApp } from "../AppServices.ts";
import { pluginPath } from "../navigation/paths.ts";

/** The plugin, the user and the parameters of the page. */
export interface PluginHostOptions {
  readonly entry: CataloguePlugin;
  readonly site: WebCatalogue["site"];
  readonly user: WebUser;
  readonly params: Readonly<Record<string, string>>;
}

/** The app for a page of a plugin: the same object until something in it changes. */
export function usePluginHostOf({ entry, site, user, params }: PluginHostOptions): PluginHost {
  const { navigation, notifications, pageTitle } = useApp();
  const { name: plugin, version, title } = entry;
  const userText = JSON.stringify(user);
  const paramsText = JSON.stringify(params);
  return useMemo(
    () => ({
      plugin,
      version,
      site,
      user,
      params,
      href: (path) => pluginPath(plugin, path),
      navigate: (path, options) => navigation.navigate(pluginPath(plugin, path), options),
      notify: (notification) => notifications.add(notification, title),
      setTitle: (text) => {
        pageTitle.set(text);
        return () => pageTitle.set(undefined);
      },
      holdPage: () => navigation.hold(),
    }),
    // oxlint-disable-next-line react/exhaustive-deps -- The texts stand for the objects.
    [plugin, version, title, site, userText, paramsText, navigation, notifications, pageTitle],
  );
}
