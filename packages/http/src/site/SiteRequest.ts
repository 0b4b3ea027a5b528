import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import { parseCookies } from "../sessions/cookieText.ts";
import type { SiteName } from "./HttpSiteOptions.ts";
import { isOwnMachine } from "./isOwnMachine.ts";
import { isHost } from "./readTarget.ts";

/** What is known of a request, or of an upgrade, whoever has passed it on. */
export interface SiteRequest {
  /** Where it has come to. */
  readonly site: SiteName;
  readonly headers: IncomingHttpHeaders;
  readonly cookies: ReadonlyMap<string, string>;
  /** The site's own origin, as the browser sees it: `https://peek.example`. Empty when the request does not tell. */
  readonly origin: string;
  /** Whether the browser's connection is encrypted. */
  readonly isSecure: boolean;
  /** Where the browser is; an address without port. */
  readonly address: string;
  /** Whether the browser runs on this machine, as far as can be told; never so when the request says that it was passed on. */
  readonly isOwnMachine: boolean;
  /**
   * The device that a program without cookies says it is; never of pages, whose address may be in a link of somebody else's.
   * Default: it says nothing.
   */
  readonly claimedDevice?: string;
}

/**
 * Reads what a request tells.
 *
 * @param options `trustProxy`: whether X-Forwarded-For, -Proto and -Host are believed; the last entry of each, which the proxy that is
 *   nearest has added.
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
    isOwnMachine: isOwnMachine(raw),
    address: plainAddress(forwarded("x-forwarded-for") ?? socket.remoteAddress ?? ""),
  };
}

function lastEntry(header: string | readonly string[] | undefined): string | undefined {
  const text = typeof header === "object" ? header.at(-1) : header;
  const last = text?.split(",").at(-1)?.trim();
  return last === "" ? undefined : last;
}

function originOf(isSecure: boolean, host: string): string {
  // A proxy may say what is no host.
  if (!isHost(host)) return "";
  return URL.parse(`${isSecure ? "https" : "http"}://${host}`)?.origin ?? "";
}

function plainAddress(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/, "").slice(0, 100);
}
