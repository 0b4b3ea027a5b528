import type { PeekClient } from "@peek/client";
import { type Context, createContext, useContext } from "react";
import type { CatalogueEvents } from "./catalogue/CatalogueEvents.ts";
import type { CatalogueStore } from "./catalogue/CatalogueStore.ts";
import type { PluginFailures } from "./failures/PluginFailures.ts";
import type { ModuleRegistry } from "./modules/ModuleRegistry.ts";
import type { Navigation } from "./navigation/Navigation.ts";
import type { Notifications } from "./notifications/Notifications.ts";
import type { AppUpdate } from "./offline/AppUpdate.ts";
import type { Value } from "./store/Value.ts";
import type { DeviceSettings } from "./settings/DeviceSettings.ts";

/** The parts of the app that live as long as the page. */
export interface AppServices {
  readonly settings: DeviceSettings;
  readonly catalogue: CatalogueStore;
  readonly events: CatalogueEvents;
  readonly navigation: Navigation;
  readonly modules: ModuleRegistry;
  readonly failures: PluginFailures;
  readonly notifications: Notifications;
  readonly update: AppUpdate;
  /** The title that the page has set; undefined: that of its route. */
  readonly pageTitle: Value<string | undefined>;
  /** A page of a plugin was left. While plugins are developed, what it has not released is named in the console. */
  readonly pageLeft: (plugin: string) => void;
  /** The client of the page; made when the catalogue says that the site has live data. */
  readonly client: () => PeekClient | undefined;
}

/** The parts of the app around a component. */
export const AppServicesContext: Context<AppServices | undefined> = createContext<AppServices | undefined>(undefined);

/** The parts of the app. */
export function useApp(): AppServices {
  const services = useContext(AppServicesContext);
  if (services === undefined) throw new Error("A component of the shell is rendered outside of the app.");
  return services;
}
