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
const anySecret = /^(?:__Host-)?peek_(?:session|known)(?:_|$)/;
/** Of how many users a browser is known at a site; whoever logged in least recently is forgotten. */
export const maxKnown = 5;
/** Between what is known of several users. */
const knownSeparator = "~";

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

/** Whether a cookie is between the browser and the platform, of this site or of another one of the same host. */
export function isSecretCookie(name: string): boolean {
  return anySecret.test(name);
}

/** What a browser was given when users logged in on it at this site, the last first. */
export function knownOf(request: SiteRequest): readonly string[] {
  const text = request.cookies.get(knownCookie(request)) ?? "";
  return text
    .split(knownSeparator)
    .filter((each) => each !== "" && each.length < 200)
    .slice(0, maxKnown);
}

/** What has a browser keep that it is known. */
export function keptKnown(request: SiteRequest, known: string): string {
  const others = knownOf(request).filter((each) => each !== known);
  const all = [known, ...others].slice(0, maxKnown);
  return cookieText(knownCookie(request), all.join(knownSeparator), kept(request));
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

function knownCookie(request: CookieSite): string {
  return named(`peek_known_${request.site}`, request);
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
