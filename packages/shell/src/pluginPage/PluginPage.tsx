import type { CataloguePlugin, WebCatalogue } from "@peek/web/protocol";
import { type ReactNode, useState } from "react";
import { useApp } from "../AppServices.ts";
import { NotFoundPage } from "../pages/NotFoundPage.tsx";
import { refuseModule } from "../modules/refuseModule.ts";
import type { MatchedRoute } from "../navigation/matchPluginRoute.ts";
import { useStore } from "../store/useStore.ts";
import { useTexts } from "../texts/useTexts.ts";
import { FailureView } from "./FailureView.tsx";
import { PluginNotices } from "./PluginNotices.tsx";
import { PluginPart } from "./PluginPart.tsx";
import { usePreloadedModule } from "./usePreloadedModule.ts";

/** The props of {@link PluginPage}. */
export interface PluginPageProps {
  readonly catalogue: WebCatalogue;
  readonly plugin: string;
  /** The page by the present catalogue; undefined if it has none. */
  readonly present: { readonly entry: CataloguePlugin; readonly match: MatchedRoute } | undefined;
}

/**
 * A page of a plugin. It stays with the version that it was opened with, until the user takes the new one: something may have been typed
 * in it.
 */
export function PluginPage({ catalogue, plugin, present }: PluginPageProps): ReactNode {
  const { navigation, pageTitle } = useApp();
  const texts = useTexts();
  const isHeld = useStore(navigation.isHeld);
  const title = useStore(pageTitle);
  const [opened, setOpened] = useState(present);
  if (opened === undefined && present !== undefined) setOpened(present);
  const isReplaced = opened !== undefined && present !== undefined && present.entry.hash !== opened.entry.hash;
  usePreloadedModule(isReplaced ? present.entry.module : undefined);
  const shown = isReplaced || present === undefined ? opened : present;
  if (shown === undefined || (present === undefined && !isHeld)) {
    if (opened === undefined) return <NotFoundPage text={texts.unknownPluginText(plugin)} />;
    return <NotFoundPage heading={texts.pluginDisabled(opened.entry.title)} text={texts.pluginDisabledText} />;
  }
  const { entry, match } = shown;
  return (
    <div className="shell-page">
      <h1 className="shell-hidden">{title ?? match.route.title}</h1>
      <PluginNotices
        entry={entry}
        isDisabled={present === undefined}
        isReplaced={isReplaced}
        onReload={() => setOpened(present)}
      />
      <PageContent catalogue={catalogue} entry={entry} match={match} />
    </div>
  );
}

interface PageContentProps {
  readonly catalogue: WebCatalogue;
  readonly entry: CataloguePlugin;
  readonly match: MatchedRoute;
}

/** The page, or why its module cannot be loaded. */
function PageContent({ catalogue, entry, match }: PageContentProps): ReactNode {
  const texts = useTexts();
  const { name, version, title, problem } = entry;
  const subject = `${name} ${version}`;
  if (problem !== undefined) {
    const failure = {
      phase: "import",
      message: problem.message,
      stack: `${problem.code}: ${problem.message}`,
    } as const;
    return <FailureView heading={texts.pluginFailed(title)} failure={failure} subject={subject} />;
  }
  const refusal = refuseModule(entry);
  if (refusal !== undefined) {
    const message = texts.wrongVersionText(refusal.built, refusal.provided);
    return <FailureView heading={texts.wrongVersion(title)} failure={{ phase: "import", message }} subject={subject} />;
  }
  const { route, params } = match;
  return (
    <PluginPart
      entry={entry}
      site={catalogue.site}
      user={catalogue.user}
      params={params}
      select={({ routes }) => (Object.hasOwn(routes, route.path) ? routes[route.path] : undefined)}
      missing={texts.noComponent(route.path)}
    />
  );
}
