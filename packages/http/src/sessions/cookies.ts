import { hash, randomUUID } from "node:crypto";
import type { PeekUser } from "@peek/plugin-base";
import type { SiteRequest } from "../site/SiteRequest.ts";
import { cookieText } from "./cookieText.ts";

/** The longest that browsers keep a cookie; seconds. */
const longestSeconds = 400 * 86_400;
const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** Browsers take such a one from its own host and by TLS alone, and not from a plain site of the host. */
const hostPrefix = "__Host-";
/** The cookie that says to scripts whose the others are. */
const userCookie = "peek_user";
/** How much of a hash that says; hexadecimal digits. */
const markDigits = 16;
/** Of any site, whether it has TLS or not. */
const anySession = /^(?:__Host-)?peek_session(?:_|$)/;

/** What names depend on. */
type CookieSite = Pick<SiteRequest, "site" | "isSecure">;

/** The id of the session; undefined when nobody has logged in at this site. */
export function sessionIdOf(request: SiteRequest): string | undefined {
  return request.cookies.get(sessionCookie(request));
}

/** What has a browser keep the id of a session. */
export function keptSession(request: CookieSite, id: string): string {
  return cookieText(sessionCookie(request), id, kept(request));
}

/** What has a browser forget who had logged in at this site. */
export function endedSession(request: CookieSite): readonly string[] {
  const options = { ...kept(request), maxAgeSeconds: 0 };
  return [
    cookieText(sessionCookie(request), "", options),
    cookieText(userCookie, "", { ...options, isReadable: true }),
  ];
}

/** Whether a cookie has the id of a session, at this site or at another one of the same host. */
export function isSessionCookie(name: string): boolean {
  return anySession.test(name);
}

/** What the token in a form belongs to; undefined when the browser has not got a form. */
export function formSecretOf(request: SiteRequest): string | undefined {
  return request.cookies.get(formCookie(request));
}

/** What a browser keeps for a form, until it is closed. */
export function keptForm(request: CookieSite, secret: string): string {
  return cookieText(formCookie(request), secret, { path: "/", sameSite: "Strict", isSecure: request.isSecure });
}

/** The id of the browser; where it has none, a new one and the cookie that has it keep it. */
export function deviceOf(request: SiteRequest): { readonly device: string; readonly cookies: readonly string[] } {
  const name = named("peek_device", request);
  const known = request.cookies.get(name) ?? request.claimedDevice;
  if (known !== undefined && uuid.test(known)) return { device: known, cookies: [] };
  const device = randomUUID();
  return { device, cookies: [cookieText(name, device, kept(request))] };
}

/**
 * What tells scripts whose page it is, where they do not know yet: the beginning of a hash of the user's id. With it a page
 * finds out, before it is connected, that what the device has kept is another user's.
 */
export function userCookies(request: SiteRequest, { id }: Pick<PeekUser, "id">): readonly string[] {
  const mark = hash("sha256", id, "hex").slice(0, markDigits);
  if (request.cookies.get(userCookie) === mark) return [];
  return [cookieText(userCookie, mark, { ...kept(request), isReadable: true })];
}

// Cookies know no ports: those of one site would be overwritten by another of the same host.
function sessionCookie(request: CookieSite): string {
  return named(`peek_session_${request.site}`, request);
}

function formCookie(request: CookieSite): string {
  return named(`peek_form_${request.site}`, request);
}

function named(name: string, { isSecure }: CookieSite): string {
  return isSecure ? `${hostPrefix}${name}` : name;
}

function kept({ isSecure }: CookieSite) {
  return { path: "/", sameSite: "Lax", isSecure, maxAgeSeconds: longestSeconds } as const;
}
