import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import { parseCookie } from "cookie";
import type { SiteName } from "./SiteName.ts";
import { isLocalRequest } from "./isLocalRequest.ts";
import { isHost } from "./normalizeTarget.ts";

/** The facts of a request or an upgrade, also behind a proxy. */
export interface SiteRequest {
  readonly site: SiteName;
  readonly headers: IncomingHttpHeaders;
  readonly cookies: ReadonlyMap<string, string>;
  /** The site's own origin, as the browser sees it: `https://peek.example`. Empty when the request does not contain it. */
  readonly origin: string;
  /** Whether the browser's connection is encrypted. */
  readonly isSecure: boolean;
  /** The browser's address, without port. */
  readonly address: string;
  /** Whether the browser seems to run on this machine. Never true when a proxy says that it has forwarded the request. */
  readonly isLocal: boolean;
  /**
   * The device that a program without cookies claims to be. Not accepted from pages: a link of another site could contain it.
   * Default: no claim.
   */
  readonly claimedDevice?: string;
}

/**
 * Reads the facts of a request.
 *
 * @param options `trustProxy`: whether to use X-Forwarded-For, -Proto and -Host: the last entry of each, which the nearest proxy has
 *   added.
 */
export function siteRequestOf(
  raw: IncomingMessage,
  { site, trustProxy }: { readonly site: SiteName; readonly trustProxy: boolean },
): SiteRequest {
  const { headers, socket } = raw;
  const forwarded = (name: string): string | undefined => (trustProxy ? lastEntry(headers[name]) : undefined);
  const isSecure = forwarded("x-forwarded-proto") === "https" || "encrypted" in socket;
  const host = forwarded("x-forwarded-host") ?? headers.host ?? "";
  return {
    site,
    headers,
    cookies: parseCookies(headers.cookie),
    origin: originOf(isSecure, host),
    isSecure,
    isLocal: isLocalRequest(raw),
    address: plainAddress(forwarded("x-forwarded-for") ?? socket.remoteAddress ?? ""),
  };
}

/** Of cookies with the same name, the first one counts: it has the most specific path. */
function parseCookies(header: string | undefined): ReadonlyMap<string, string> {
  // Peek's cookies need no decoding.
  const cookies = parseCookie(header ?? "", { decode: (value) => value });
  return new Map(Object.entries(cookies).map(([name, value]) => [name, value ?? ""]));
}

function lastEntry(header: string | readonly string[] | undefined): string | undefined {
  const text = typeof header === "object" ? header.at(-1) : header;
  const last = text?.split(",").at(-1)?.trim();
  return last === "" ? undefined : last;
}

function originOf(isSecure: boolean, host: string): string {
  // A proxy may forward an invalid host.
  if (!isHost(host)) return "";
  return URL.parse(`${isSecure ? "https" : "http"}://${host}`)?.origin ?? "";
}

function plainAddress(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/, "").slice(0, 100);
}
