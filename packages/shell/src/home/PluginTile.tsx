import type { CataloguePlugin } from "@peek/web/protocol";
import { Icon } from "@peek/web/host";
import type { ReactNode } from "react";
import { useApp } from "../AppServices.ts";
import { AppLink } from "../layout/AppLink.tsx";
import { PluginBadge } from "../live/PluginBadge.tsx";
import { firstPathOf } from "../navigation/firstPathOf.ts";
import { useStore } from "../store/useStore.ts";
import { useTexts } from "../texts/useTexts.ts";

/** The tile of a plugin: it opens the first page. */
export function PluginTile({ plugin }: { readonly plugin: CataloguePlugin }): ReactNode {
  const { client, failures } = useApp();
  const texts = useTexts();
  const hasFailed = useStore(failures.state).has(plugin.name);
  const { title, icon, badge, state } = plugin;
  return (
    <AppLink to={firstPathOf(plugin)} className="shell-tile">
      <Icon name={icon} />
      <span className="shell-tile-title" dir="auto">
        {title}
      </span>
      {badge !== undefined && client() !== undefined && <PluginBadge name={badge} />}
      {hasFailed && (
        <span className="shell-tile-state" data-tone="alarm">
          {texts.failed}
        </span>
      )}
      {state === "updating" && <span className="shell-tile-state">{texts.updating}</span>}
    </AppLink>
  );
}
