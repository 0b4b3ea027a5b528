import type { WebCatalogue } from "@peek/web/protocol";
import { Icon } from "@peek/web/host";
import type { ReactNode } from "react";
import { useTexts } from "../texts/useTexts.ts";
import { PluginTile } from "./PluginTile.tsx";

/** The home screen: the tiles of the plugins. It loads no code of them. */
export function HomePage({ catalogue }: { readonly catalogue: WebCatalogue }): ReactNode {
  const texts = useTexts();
  const tiles = catalogue.plugins.filter(({ showHomeLink }) => showHomeLink);
  return (
    <div className="shell-page">
      <h1 className="shell-hidden">{texts.home}</h1>
      {tiles.length + catalogue.documents.length === 0 ? (
        <div className="shell-empty">
          <p>{texts.noPlugins}</p>
          <p className="shell-muted">{texts.noPluginsHint}</p>
        </div>
      ) : (
        <ul className="shell-tiles">
          {tiles.map((plugin) => (
            <li key={plugin.name}>
              <PluginTile plugin={plugin} />
            </li>
          ))}
          {catalogue.documents.map(({ path, title }) => (
            <li key={path}>
              <a href={path} className="shell-tile">
                <Icon name="file" />
                <span className="shell-tile-title" dir="auto">
                  {title}
                </span>
              </a>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
