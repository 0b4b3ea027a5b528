import type { WebCatalogue } from "@peek/web/protocol";
import { lazy, type ReactNode, Suspense, useEffect } from "react";
import { Route, Switch } from "wouter";
import { useApp } from "./AppServices.ts";
import { HomePage } from "./home/HomePage.tsx";
import type { Crumb } from "./layout/Breadcrumbs.tsx";
import { Frame } from "./layout/Frame.tsx";
import { firstPathOf } from "./navigation/firstPathOf.ts";
import { matchPluginRoute } from "./navigation/matchPluginRoute.ts";
import { parsePluginPath, paths } from "./navigation/paths.ts";
import { NotFoundPage } from "./pages/NotFoundPage.tsx";
import { LoadingView } from "./pluginPage/LoadingView.tsx";
import { PluginPage, type PluginPageProps } from "./pluginPage/PluginPage.tsx";
import { useStore } from "./store/useStore.ts";
import type { Texts } from "./texts/Texts.ts";
import { useTexts } from "./texts/useTexts.ts";

const SettingsPage = lazy(() => import("./pages/SettingsPage.tsx"));
const AboutPage = lazy(() => import("./pages/AboutPage.tsx"));

/** The page of the present address, in its frame. */
export function AppPages({ catalogue }: { readonly catalogue: WebCatalogue }): ReactNode {
  const { navigation, pageTitle } = useApp();
  const texts = useTexts();
  const path = useStore(navigation.path);
  const title = useStore(pageTitle);
  const opened = openedPage(catalogue, path);
  const crumbs = crumbsOf(opened, path, title, texts);
  const last = crumbs.at(-1);
  useEffect(() => {
    document.title =
      last === undefined || last.to === paths.home ? catalogue.title : `${last.title} – ${catalogue.title}`;
  }, [catalogue.title, last?.to, last?.title]);
  return (
    <Frame catalogue={catalogue} crumbs={crumbs}>
      <Suspense fallback={<LoadingView />}>
        {opened !== undefined ? (
          <PluginPage key={opened.key} catalogue={catalogue} plugin={opened.plugin} present={opened.present} />
        ) : (
          <Switch>
            <Route path={paths.home}>
              <HomePage catalogue={catalogue} />
            </Route>
            <Route path={paths.settings}>
              <SettingsPage catalogue={catalogue} />
            </Route>
            <Route path={paths.about}>
              <AboutPage catalogue={catalogue} />
            </Route>
            <Route>
              <NotFoundPage text={texts.unknownPageText(path)} />
            </Route>
          </Switch>
        )}
      </Suspense>
    </Frame>
  );
}

interface OpenedPage {
  readonly plugin: string;
  readonly present: PluginPageProps["present"];
  /** The same while the page stays the same one. */
  readonly key: string;
}

function openedPage(catalogue: WebCatalogue, path: string): OpenedPage | undefined {
  const parsed = parsePluginPath(path);
  if (parsed === undefined) return undefined;
  const { plugin } = parsed;
  const entry = catalogue.plugins.find(({ name }) => name === plugin);
  const match = entry && matchPluginRoute(entry.routes, parsed.path);
  const present = entry !== undefined && match !== undefined ? { entry, match } : undefined;
  return { plugin, present, key: `${plugin}/${parsed.path}` };
}

function crumbsOf(
  opened: OpenedPage | undefined,
  path: string,
  title: string | undefined,
  texts: Texts,
): readonly Crumb[] {
  const home = { title: texts.home, to: paths.home };
  if (path === paths.home) return [home];
  if (path === paths.settings) return [home, { title: texts.settings, to: path }];
  if (path === paths.about) return [home, { title: texts.about, to: path }];
  const present = opened?.present;
  if (present === undefined) return [home, { title: opened?.plugin ?? texts.unknownPage, to: path }];
  const { entry, match } = present;
  const plugin = { title: entry.title, to: firstPathOf(entry) };
  const page = { title: title ?? match.route.title, to: path };
  return plugin.to === path ? [home, { ...plugin, title: title ?? entry.title }] : [home, plugin, page];
}
