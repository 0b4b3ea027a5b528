import type { Logger, ServiceName } from "@peek/plugin-base";
import type { PluginSites } from "../plugin/PluginSites.ts";
import type { SessionProvider } from "../sessions/SessionProvider.ts";

/** A certificate with its key. */
export interface SiteTls {
  /** The certificate, and after it those that lead to its authority; PEM. */
  readonly cert: string | Buffer;
  /** PEM. */
  readonly key: string | Buffer;
}

/** The sites, as `httpServer` of config.json names them. */
export type SiteName = "admin" | "field" | "office";

/** What bounds a site; what is left out has its default. */
export interface SiteLimits {
  /** How long headers may take to arrive; milliseconds. Default: 10,000. */
  readonly headersMs?: number;
  /** How long a whole request may take to arrive; milliseconds. Default: 120,000. */
  readonly requestMs?: number;
  /** Default: 20,000. */
  readonly connections?: number;
  /** How long requests under way are waited for at the end; milliseconds. Default: 5,000. */
  readonly drainMs?: number;
}

/** What an {@link HttpSite} is made of. */
export interface HttpSiteOptions {
  /** What the start page is called. */
  readonly title: string;
  readonly site: SiteName;
  readonly service: ServiceName;
  readonly host: string;
  /** 0 for any that is free. */
  readonly port: number;
  /** Default: plain. */
  readonly tls?: SiteTls | undefined;
  readonly trustProxy: boolean;
  /** Origins of pages that may use the site besides its own. */
  readonly allowedOrigins: readonly string[];
  /** Host names of the site, without port; where there are some, it has no others. Default, by an empty list: see isMisdirected. */
  readonly allowedHosts: readonly string[];
  readonly logger: Logger;
  readonly sessions: SessionProvider;
  /** What is not ready, in words for an operator; nothing when all is. */
  readonly health: () => readonly string[];
  readonly plugins: PluginSites;
  readonly limits?: SiteLimits;
}
