import type { PeekClient } from "@peek/client";
import type { ComponentType } from "react";
import type { Notification } from "./host/PluginHost.ts";

/** Loads a component when it is first shown: `() => import("./RowsPage.tsx")`. */
export type LazyComponent<Props = object> = () => Promise<{ readonly default: ComponentType<Props> }>;

/** The context that the shell gives to a web module. */
export interface PluginWebContext {
  /** `peek_plugin_tutorial` */
  readonly plugin: string;
  readonly version: string;
  /** The page's client; undefined on a site without live data, which is admin. */
  readonly client: PeekClient | undefined;
  /** Fires when the module is replaced by another version, or its plugin disabled. */
  readonly signal: AbortSignal;
}

/** The context of a command. */
export interface CommandContext extends PluginWebContext {
  /** Opens a page of the plugin: `navigate("rows/7")`. */
  navigate(this: void, path: string): void;
  /** Shows a message. */
  notify(this: void, notification: Notification): void;
}

/** A web module: its components and functions for the keys that plugin_package.json declares. */
export interface PluginWeb {
  /** A component for each route, by its path in plugin_package.json. */
  readonly routes: Readonly<Record<string, LazyComponent>>;
  /** A function for each command, by its id in plugin_package.json. */
  readonly commands?: Readonly<Record<string, (context: CommandContext) => unknown>>;
  /** The plugin's part of the page of settings. */
  readonly settings?: LazyComponent;
  /**
   * Runs once, after the module was imported and before anything of it is shown: the place for `client.expect()`. The returned function is called
   * when the module is replaced or its plugin disabled.
   */
  readonly start?: (context: PluginWebContext) => (() => void) | void;
}

/**
 * Defines a web module. It is the default export of the module that the build bundles.
 *
 * ```ts
 * export default definePluginWeb({ routes: { "": () => import("./RowsPage.tsx") } });
 * ```
 */
export function definePluginWeb(web: PluginWeb): PluginWeb {
  return Object.freeze(web);
}
