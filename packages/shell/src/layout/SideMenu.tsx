import type { CataloguePlugin, WebCatalogue } from "@peek/web/protocol";
import { Icon } from "@peek/web/host";
import type { ReactNode } from "react";
import { useApp } from "../AppServices.ts";
import { PluginBadge } from "../live/PluginBadge.tsx";
import { firstPathOf } from "../navigation/firstPathOf.ts";
import { parsePluginPath, paths, pluginPath } from "../navigation/paths.ts";
import { useStore } from "../store/useStore.ts";
import { useTexts } from "../texts/useTexts.ts";
import { AppLink } from "./AppLink.tsx";

/** The props of {@link SideMenu}. */
export interface SideMenuProps {
  readonly catalogue: WebCatalogue;
  /** Called when a link was followed. */
  readonly onFollow?: (() => void) | undefined;
}

/** The links to the home screen, the pages of plugins, and the pages of the shell. */
export function SideMenu({ catalogue, onFollow }: SideMenuProps): ReactNode {
  const texts = useTexts();
  const path = useStore(useApp().navigation.path);
  const item = (to: string, icon: string, title: string): ReactNode => (
    <AppLink to={to} isCurrent={path === to} className="shell-menu-link" onFollow={onFollow}>
      <Icon name={icon} />
      <span className="shell-menu-text">{title}</span>
    </AppLink>
  );
  return (
    <nav aria-label={texts.pages} className="shell-menu">
      <ul>
        <li>{item(paths.home, "house", texts.home)}</li>
        {catalogue.plugins.map((plugin) => (
          <PluginItem key={plugin.name} plugin={plugin} path={path} onFollow={onFollow} />
        ))}
        {catalogue.documents.map(({ path, title }) => (
          <li key={path}>
            <a href={path} className="shell-menu-link">
              <Icon name="file" />
              <span className="shell-menu-text" dir="auto">
                {title}
              </span>
            </a>
          </li>
        ))}
      </ul>
      <ul className="shell-menu-end">
        <li>{item(paths.settings, "settings", texts.settings)}</li>
        <li>{item(paths.about, "info", texts.about)}</li>
      </ul>
    </nav>
  );
}

interface PluginItemProps {
  readonly plugin: CataloguePlugin;
  readonly path: string;
  readonly onFollow: (() => void) | undefined;
}

/** A plugin, and below it the other pages while one of its pages is open. */
function PluginItem({ plugin, path, onFollow }: PluginItemProps): ReactNode {
  const { client } = useApp();
  const { name, title, icon, badge, routes } = plugin;
  const first = firstPathOf(plugin);
  const isOpen = parsePluginPath(path)?.plugin === name;
  const others = routes.filter(({ showInMenu, path }) => showInMenu && pluginPath(name, path) !== first);
  if (!routes.some(({ showInMenu }) => showInMenu)) return null;
  return (
    <li>
      <AppLink to={first} isCurrent={path === first} className="shell-menu-link" onFollow={onFollow}>
        <Icon name={icon} />
        <span className="shell-menu-text" dir="auto">
          {title}
        </span>
        {badge !== undefined && client() !== undefined && <PluginBadge name={badge} />}
      </AppLink>
      {isOpen && others.length > 0 && (
        <ul>
          {others.map((route) => {
            const to = pluginPath(name, route.path);
            return (
              <li key={route.path}>
                <AppLink to={to} isCurrent={path === to} className="shell-menu-link" onFollow={onFollow}>
                  {route.icon !== undefined && <Icon name={route.icon} />}
                  <span className="shell-menu-text" dir="auto">
                    {route.title}
                  </span>
                </AppLink>
              </li>
            );
          })}
        </ul>
      )}
    </li>
  );
}
