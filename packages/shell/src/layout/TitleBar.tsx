import { Icon } from "@peek/web/host";
import type { WebCatalogue } from "@peek/web/protocol";
import type { ReactNode } from "react";
import { Indicator } from "../live/Indicator.tsx";
import { firstPathOf } from "../navigation/firstPathOf.ts";
import { paths } from "../navigation/paths.ts";
import { useTexts } from "../texts/useTexts.ts";
import { AppLink } from "./AppLink.tsx";
import { UserMenu } from "./UserMenu.tsx";

/** The props of {@link TitleBar}. */
export interface TitleBarProps {
  readonly catalogue: WebCatalogue;
  readonly onMenu: () => void;
  readonly onSearch: () => void;
  readonly onConnection: () => void;
}

/** The bar at the top: the title of the site, links of plugins, search, the state of the data, and the user. */
export function TitleBar({ catalogue, onMenu, onSearch, onConnection }: TitleBarProps): ReactNode {
  const texts = useTexts();
  const linked = catalogue.plugins.filter(({ showInTitleBar }) => showInTitleBar);
  return (
    <header className="shell-title-bar">
      <button type="button" className="shell-icon-button shell-menu-button" aria-label={texts.menu} onClick={onMenu}>
        <Icon name="menu" />
      </button>
      <AppLink to={paths.home} className="shell-site-title">
        {catalogue.title}
      </AppLink>
      {linked.length > 0 && (
        <nav aria-label={texts.plugins} className="shell-title-links">
          {linked.map((plugin) => (
            <AppLink key={plugin.name} to={firstPathOf(plugin)}>
              {plugin.titleBarText}
            </AppLink>
          ))}
        </nav>
      )}
      <span className="shell-space" />
      <button type="button" className="shell-search-button" onClick={onSearch}>
        <Icon name="search" />
        <span className="shell-search-text">{texts.search}</span>
        <kbd aria-hidden="true">Ctrl K</kbd>
      </button>
      <Indicator onOpen={onConnection} />
      <UserMenu user={catalogue.user} canLogOut={catalogue.canLogOut} />
    </header>
  );
}
