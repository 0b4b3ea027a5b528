import { onTestFinished } from "vitest";
import { TestLog } from "@peek/kit/testing";
import { AnonymousSessionProvider, HttpSite, type HttpSiteOptions, PluginRoutes } from "../src/index.ts";

/** A site with one plugin. */
export interface OpenSite {
  readonly site: HttpSite;
  readonly origin: string;
  readonly plugins: PluginRoutes;
  readonly log: TestLog;
}

/** Opens a site on a free port, until the running test is over. */
export async function openSite(options: Partial<HttpSiteOptions> = {}): Promise<OpenSite> {
  const log = new TestLog();
  const plugins = options.plugins ?? new PluginRoutes();
  const site = await HttpSite.listen({
    title: "Peek field",
    site: "field",
    service: "field",
    host: "127.0.0.1",
    port: 0,
    trustProxy: false,
    allowedOrigins: [],
    allowedHosts: [],
    logger: log,
    sessions: new AnonymousSessionProvider(),
    health: () => [],
    ...options,
    plugins,
  });
  onTestFinished(() => site[Symbol.asyncDispose]());
  return { site, origin: site.origin, plugins, log };
}
