import type { IncomingMessage } from "node:http";
import { isIP } from "node:net";
import { hostname } from "node:os";
import { isLoopbackAddress } from "./isOwnMachine.ts";
import type { SiteRequest } from "./SiteRequest.ts";

/**
 * Whether a request that came over the loopback device is for a name that is not this machine's. A page of somebody else's
 * whose name suddenly stands for 127.0.0.1 would otherwise be taken for the site's own. A proxy on this machine that passes
 * the name on has its origin in `allowedOrigins`, or is trusted.
 */
export function isMisdirected(
  raw: IncomingMessage,
  { origin }: Pick<SiteRequest, "origin">,
  allowedOrigins: ReadonlySet<string>,
  trustProxy: boolean,
): boolean {
  if (trustProxy || !isLoopbackAddress(raw.socket.localAddress ?? "")) return false;
  const host = URL.parse(origin)?.hostname.replace(/^\[|\]$|\.$/g, "");
  // What tells no host is no browser.
  if (host === undefined || host === "localhost" || host.endsWith(".localhost") || isIP(host) !== 0) return false;
  // Many systems have their own name stand for 127.0.1.1.
  const own = hostname().toLowerCase();
  if (host === own || host === own.split(".", 1)[0]) return false;
  return ![...allowedOrigins].some((allowed) => URL.parse(allowed)?.hostname === host);
}
