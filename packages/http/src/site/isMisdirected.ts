import { isIP } from "node:net";
import { hostname } from "node:os";
import type { HttpSiteOptions } from "./HttpSiteOptions.ts";
import { isLoopbackAddress } from "./isLocalRequest.ts";
import type { SiteRequest } from "./SiteRequest.ts";

/** Which host names a site accepts. */
export interface HostRules {
  /** The configured host names, in lower case. */
  readonly known: ReadonlySet<string>;
  /** Whether every request has to be for one of them. */
  readonly isStrict: boolean;
  /** Whether the site needs no login: then the names of all requests without TLS are checked. */
  readonly isOpen: boolean;
  readonly trustProxy: boolean;
}

/** The rules of a site. */
export function hostRulesOf({
  allowedHosts,
  allowedOrigins,
  sessions,
  trustProxy,
}: Pick<HttpSiteOptions, "allowedHosts" | "allowedOrigins" | "sessions" | "trustProxy">): HostRules {
  const origins = allowedOrigins.map((origin) => URL.parse(origin)?.hostname ?? "");
  return {
    known: new Set([...allowedHosts, ...origins].map((host) => host.toLowerCase())),
    isStrict: allowedHosts.length > 0,
    isOpen: sessions.loginHandler === undefined,
    trustProxy,
  };
}

/**
 * Whether a request is for a host name that is not this machine's. This defends against DNS rebinding: a page of an attacker whose name
 * suddenly resolves to this machine would have the same origin as the site. Checked are requests over the loopback interface, and
 * requests to a site without login; for a site with login, such a page has no cookie, and with TLS the browser compares the name.
 * IP addresses are always accepted. Names behind a proxy are its own matter, unless they are configured.
 *
 * @param socket The connection of the request.
 */
export function isMisdirected(
  socket: { readonly localAddress?: string | undefined },
  { origin }: Pick<SiteRequest, "origin">,
  { known, isStrict, isOpen, trustProxy }: HostRules,
): boolean {
  const isOpenToAll = isOpen && !("encrypted" in socket);
  const isNear = isLoopbackAddress(socket.localAddress ?? "") || isOpenToAll;
  if (!isStrict && (trustProxy || !isNear)) return false;
  const host = URL.parse(origin)?.hostname.replace(/^\[|\]$|\.$/g, "");
  // A client that sends no host is not a browser.
  if (host === undefined || host === "localhost" || host.endsWith(".localhost") || isIP(host) !== 0) return false;
  return !known.has(host) && !isOwnName(host);
}

function isOwnName(host: string): boolean {
  const own = hostname().toLowerCase();
  const short = own.split(".", 1)[0] ?? own;
  // The name in .local is resolved within the local network only, never by name servers.
  return host === own || host === short || host === `${short}.local`;
}
