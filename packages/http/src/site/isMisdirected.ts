import { isIP } from "node:net";
import { hostname } from "node:os";
import type { HttpSiteOptions } from "./HttpSiteOptions.ts";
import { isLoopbackAddress } from "./isOwnMachine.ts";
import type { SiteRequest } from "./SiteRequest.ts";

/** By what names a site is asked for. */
export interface HostRules {
  /** Host names; lower case. */
  readonly known: ReadonlySet<string>;
  /** Whether every request has to be for one of them. */
  readonly isStrict: boolean;
  /** Whether the names are checked of whatever comes without TLS: nobody has to log in. */
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
    isOpen: sessions.desk === undefined,
    trustProxy,
  };
}

/**
 * Whether a request is for a name that is not this machine's. A page of somebody else's whose name suddenly stands for this
 * machine (DNS rebinding) would otherwise be taken for the site's own. That concerns what comes over the loopback device, and
 * a site that needs no login: of one that does, such a page has no cookie; and TLS has the browser compare the name. An address
 * is nobody's name. A proxy is left to know its own names, unless they are configured.
 *
 * @param socket What the request has come by.
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
  // What tells no host is no browser.
  if (host === undefined || host === "localhost" || host.endsWith(".localhost") || isIP(host) !== 0) return false;
  return !known.has(host) && !isOwnName(host);
}

function isOwnName(host: string): boolean {
  const own = hostname().toLowerCase();
  const short = own.split(".", 1)[0] ?? own;
  // The last is told within the local network alone, never by name servers.
  return host === own || host === short || host === `${short}.local`;
}
