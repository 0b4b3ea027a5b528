import type { Logger, ServiceName } from "@peek/plugin-base";
import type { PluginRoutes } from "../plugin/PluginRoutes.ts";
import type { SessionProvider } from "../sessions/SessionProvider.ts";
import type { EventLimits } from "../web/CatalogueSockets.ts";
import type { SiteWeb } from "../web/SiteWeb.ts";
import type { SiteName } from "./SiteName.ts";

/** A certificate with its key. */
export interface SiteTls {
  /** The certificate, followed by its intermediate certificates; PEM. */
  readonly cert: string | Buffer;
  /** PEM. */
  readonly key: string | Buffer;
}

/** The limits of a site. */
export interface SiteLimits {
  /** How long headers may take to arrive. Default: 10,000. */
  readonly headersMs?: number;
  /** How long a whole request may take to arrive. Default: 120,000. */
  readonly requestMs?: number;
  /** The number of open connections. Default: 20,000. */
  readonly connections?: number;
  /** How long the disposal waits for running requests. Default: 5,000. */
  readonly drainMs?: number;
  /** Of the events about the catalogue. */
  readonly events?: EventLimits;
}

/** Options of an {@link HttpSite}. */
export interface HttpSiteOptions {
  /** The name of the site for people: "Peek field". */
  readonly title: string;
  readonly site: SiteName;
  readonly service: ServiceName;
  readonly host: string;
  /** 0 for any free port. */
  readonly port: number;
  /** Default: no TLS. */
  readonly tls?: SiteTls | undefined;
  readonly trustProxy: boolean;
  /** Further origins whose pages may use the site. */
  readonly allowedOrigins: readonly string[];
  /** Further origins whose pages may show the site in a frame. Default: none. */
  readonly frameOrigins?: readonly string[];
  /** Whether the app refuses texts as HTML, in browsers with Trusted Types. Default: true. */
  readonly trustedTypes?: boolean;
  /** The only host names of the site, without ports. Empty: see isMisdirected. */
  readonly allowedHosts: readonly string[];
  readonly logger: Logger;
  readonly sessions: SessionProvider;
  /** Why the service is not ready, for an operator; empty when it is ready. */
  readonly health: () => readonly string[];
  readonly plugins: PluginRoutes;
  /** The app of the site. Default: the site has none. */
  readonly web?: SiteWeb;
  readonly limits?: SiteLimits;
}
