import type { PluginHttp } from "@peek/plugin-base";
import { onTestFinished } from "vitest";
import { type OpenSite, openSite } from "./openSite.ts";

/** A site with a plugin that has no routes yet. */
export interface OpenPlugin extends OpenSite {
  readonly http: PluginHttp;
  readonly stack: AsyncDisposableStack;
  /** The URL of the plugin. */
  readonly base: string;
  readonly get: (path: string, init?: RequestInit) => Promise<Response>;
}

/** Opens a site with a plugin, until the running test is over. */
export async function openPlugin(rootDir: string = import.meta.dirname): Promise<OpenPlugin> {
  const site = await openSite();
  const stack = new AsyncDisposableStack();
  onTestFinished(() => stack.disposeAsync());
  const http = site.plugins.forPlugin("peek_plugin_pump", rootDir, () => stack, site.log);
  const base = `${site.origin}${http.base}`;
  return { ...site, http, stack, base, get: (path, init) => fetch(`${base}${path}`, { redirect: "manual", ...init }) };
}
