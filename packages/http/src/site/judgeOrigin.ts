import type { SiteRequest } from "./SiteRequest.ts";

const harmless: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS"]);

/**
 * Whether a request may have been made by a page of somebody else's in the name of its reader, and is to be refused.
 * Browsers say whose page it is; what is no browser says nothing, and has no cookies to be misused.
 *
 * @param method An HTTP method, or `upgrade` for a WebSocket.
 * @param allowedOrigins Those besides the site's own.
 */
export function isForeign(
  method: string,
  request: Pick<SiteRequest, "headers" | "origin">,
  allowedOrigins: ReadonlySet<string>,
): boolean {
  if (harmless.has(method)) return false;
  const { headers, origin: own } = request;
  const isKnown = (origin: string | undefined): boolean =>
    origin !== undefined && origin !== "" && (origin === own || allowedOrigins.has(origin));
  if (headers.origin !== undefined) return !isKnown(headers.origin);
  const fetchSite = headers["sec-fetch-site"];
  // `none`: the user has typed the address.
  if (fetchSite !== undefined) return fetchSite !== "same-origin" && fetchSite !== "none";
  if (headers.referer !== undefined) return !isKnown(URL.parse(headers.referer)?.origin);
  return headers.cookie !== undefined;
}
