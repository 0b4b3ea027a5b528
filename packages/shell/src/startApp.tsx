import { connect, type PeekClient } from "@peek/client";
import { createRoot } from "react-dom/client";
import { App } from "./App.tsx";
import { type AppServices, AppServicesContext } from "./AppServices.ts";
import { CatalogueEvents } from "./catalogue/CatalogueEvents.ts";
import { CatalogueStore } from "./catalogue/CatalogueStore.ts";
import { KeptCatalogue } from "./catalogue/KeptCatalogue.ts";
import { PluginFailures } from "./failures/PluginFailures.ts";
import { watchBlocking } from "./failures/watchBlocking.ts";
import { watchUncaughtErrors } from "./failures/watchUncaughtErrors.ts";
import type { LeakWatch } from "./leaks/LeakWatch.ts";
import { ModuleRegistry } from "./modules/ModuleRegistry.ts";
import { parsePluginPath } from "./navigation/paths.ts";
import { Navigation } from "./navigation/Navigation.ts";
import { Notifications } from "./notifications/Notifications.ts";
import { ModuleKeeper } from "./offline/ModuleKeeper.ts";
import { AppUpdate } from "./offline/AppUpdate.ts";
import { applySettings } from "./settings/applySettings.ts";
import { DeviceSettings } from "./settings/DeviceSettings.ts";
import { Value } from "./store/Value.ts";

/** Starts the app in the element that the site's page has for it. Its parts live until the page is closed. */
export async function startApp(): Promise<void> {
  const element = document.getElementById("peek-app");
  if (element === null) throw new Error("The page has no element with the id peek-app.");
  const services = createServices(await leakWatch());
  applySettings(services.settings.state.getSnapshot(), services.catalogue.state.getSnapshot().catalogue?.site);
  element.replaceChildren();
  createRoot(element).render(
    <AppServicesContext value={services}>
      <App />
    </AppServicesContext>,
  );
  void services.catalogue.refresh();
  services.events.connect();
  void services.update.begin();
}

function openPlugin(): string | undefined {
  return parsePluginPath(location.pathname)?.plugin;
}

async function leakWatch(): Promise<LeakWatch | undefined> {
  if (import.meta.env.MODE !== "development") return undefined;
  const { LeakWatch } = await import("./leaks/LeakWatch.ts");
  return new LeakWatch(openPlugin);
}

function createServices(leaks: LeakWatch | undefined): AppServices {
  let client: PeekClient | undefined;
  const catalogue = new CatalogueStore(new KeptCatalogue());
  const modules = new ModuleRegistry(() => client);
  const failures = new PluginFailures();
  const keeper = new ModuleKeeper();
  const follow = (): void => {
    const { catalogue: shown, status } = catalogue.state.getSnapshot();
    if (shown === undefined) return;
    if (shown.live) client ??= connect();
    modules.setPresent(shown.plugins);
    if (status === "current") keeper.keep(shown.plugins);
  };
  follow();
  catalogue.state.subscribe(follow);
  const versionOf = (name: string): string =>
    catalogue.state.getSnapshot().catalogue?.plugins.find((plugin) => plugin.name === name)?.version ?? "";
  watchUncaughtErrors((name, failure) => failures.add({ name, version: versionOf(name) }, failure));
  watchBlocking(openPlugin, (name, durationMs) => {
    const seconds = (durationMs / 1000).toFixed(1);
    const message = `The plugin's code blocked the app for ${seconds} seconds.`;
    failures.add({ name, version: versionOf(name) }, { phase: "blocked", message });
  });
  return {
    settings: new DeviceSettings(),
    catalogue,
    events: new CatalogueEvents({
      catalogue: (etag) => void catalogue.refresh(etag),
      login: () => catalogue.sessionEnded(),
      // The answer says whether the session has ended.
      lost: () => void catalogue.refresh(),
    }),
    navigation: new Navigation(),
    modules,
    failures,
    notifications: new Notifications(),
    update: new AppUpdate(),
    pageTitle: new Value<string | undefined>(undefined),
    pageLeft: (plugin) => leaks?.left(plugin),
    client: () => client,
  };
}
