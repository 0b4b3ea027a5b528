import type { SiteRequest } from "./SiteRequest.ts";

const safeMethods: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS"]);

/**
 * Whether a request has to be refused as a possible cross-site request forgery: a page of another origin may have sent it with the
 * cookies of its reader. Browsers send the origin of the page. Other clients do not, but they have no cookies to misuse.
 *
 * @param method An HTTP method, or `upgrade` for a WebSocket.
 * @param allowedOrigins Further origins besides the site's own.
 */
export function isForbiddenCrossOrigin(
  method: string,
  request: Pick<SiteRequest, "headers" | "origin">,
  allowedOrigins: ReadonlySet<string>,
): boolean {
  if (safeMethods.has(method)) return false;
  const { headers, origin: own } = request;
  const isKnown = (origin: string | undefined): boolean =>
    origin !== undefined && origin !== "" && (origin === own || allowedOrigins.has(origin));
  if (headers.origin !== undefined) return !isKnown(headers.origin);
  const fetchSite = headers["sec-fetch-site"];
  // `none`: the user typed the address.
  if (fetchSite !== undefined) return fetchSite !== "same-origin" && fetchSite !== "none";
  if (headers.referer !== undefined) return !isKnown(URL.parse(headers.referer)?.origin);
  return headers.cookie !== undefined;
}
