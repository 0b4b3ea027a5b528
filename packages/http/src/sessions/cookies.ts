import { hash, randomUUID } from "node:crypto";
import type { PeekUser } from "@peek/plugin-base";
import { stringifySetCookie } from "cookie";
import type { SiteRequest } from "../site/SiteRequest.ts";

/** The longest time for which browsers keep a cookie. */
const maxAgeSeconds = 400 * 86_400;
const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** Browsers accept a cookie with this prefix only over TLS, and only from its own host. */
const hostPrefix = "__Host-";
/** The cookie by which scripts recognize the user of the other cookies. */
const userCookie = "peek_user";
/** The part of the hash of a user's id that the cookie has; hexadecimal digits. */
const userMarkDigits = 16;
/** The secret cookies of all sites, with or without TLS. */
const secretCookie = /^(?:__Host-)?peek_(?:session|known)(?:_|$)/;
/** How many users a browser can have device tokens for at a site; the token of the least recent login is dropped first. */
export const maxDeviceTokens = 5;
const tokenSeparator = "~";

/** The part of a request that the names of cookies depend on. */
type CookieSite = Pick<SiteRequest, "site" | "isSecure">;

interface CookieOptions {
  readonly sameSite: "lax" | "strict";
  /** Whether scripts can read it. Default: false. */
  readonly isReadable?: boolean;
  /** Default: until the browser is closed. */
  readonly maxAge?: number;
}

/** The id of the session; undefined when nobody has logged in at this site. */
export function sessionIdOf(request: SiteRequest): string | undefined {
  return request.cookies.get(sessionCookie(request));
}

/** Makes the browser keep the id of a session. */
export function setSessionCookie(request: CookieSite, id: string): string {
  return setCookie(request, sessionCookie(request), id, lasting);
}

/** Makes the browser forget the session and the user of this site. */
export function clearSessionCookies(request: CookieSite): readonly string[] {
  const options = { ...lasting, maxAge: 0 };
  return [
    setCookie(request, sessionCookie(request), "", options),
    setCookie(request, userCookie, "", { ...options, isReadable: true }),
  ];
}

/** Whether a cookie is a secret between the browser and the platform, of this site or of another one on the same host. */
export function isSecretCookie(name: string): boolean {
  return secretCookie.test(name);
}

/** The device tokens that a browser got at logins on this site, the latest first. */
export function deviceTokensOf(request: SiteRequest): readonly string[] {
  const text = request.cookies.get(tokensCookie(request)) ?? "";
  return text
    .split(tokenSeparator)
    .filter((token) => token !== "" && token.length < 200)
    .slice(0, maxDeviceTokens);
}

/** Makes the browser keep a further device token. */
export function setDeviceTokensCookie(request: SiteRequest, token: string): string {
  const others = deviceTokensOf(request).filter((each) => each !== token);
  const tokens = [token, ...others].slice(0, maxDeviceTokens);
  return setCookie(request, tokensCookie(request), tokens.join(tokenSeparator), lasting);
}

/** The secret from which the token of the login form is derived; undefined when the browser has not loaded the form. */
export function formSecretOf(request: SiteRequest): string | undefined {
  return request.cookies.get(formCookie(request));
}

/** Makes the browser keep the secret of the login form until it is closed. */
export function setFormCookie(request: CookieSite, secret: string): string {
  return setCookie(request, formCookie(request), secret, { sameSite: "strict" });
}

/** The id of the browser. A browser without one gets a new id, with the cookie that keeps it. */
export function deviceOf(request: SiteRequest): { readonly device: string; readonly cookies: readonly string[] } {
  const name = prefixed("peek_device", request);
  const known = request.cookies.get(name) ?? request.claimedDevice;
  if (known !== undefined && uuid.test(known)) return { device: known, cookies: [] };
  const device = randomUUID();
  return { device, cookies: [setCookie(request, name, device, lasting)] };
}

/**
 * Marks the user for scripts, unless the browser has the mark already: the beginning of a hash of the user's id. By it, a page that is
 * not connected yet detects that the data on the device belongs to another user.
 */
export function setUserCookie(request: SiteRequest, { id }: Pick<PeekUser, "id">): readonly string[] {
  const mark = hash("sha256", id, "hex").slice(0, userMarkDigits);
  if (request.cookies.get(userCookie) === mark) return [];
  return [setCookie(request, userCookie, mark, { ...lasting, isReadable: true })];
}

const lasting = { sameSite: "lax", maxAge: maxAgeSeconds } as const satisfies CookieOptions;

function setCookie({ isSecure }: CookieSite, name: string, value: string, options: CookieOptions): string {
  const { isReadable = false, ...others } = options;
  return stringifySetCookie({ name, value, path: "/", httpOnly: !isReadable, secure: isSecure, ...others });
}

// Cookies ignore ports: without the site in their names, two sites on one host would overwrite each other's.
function sessionCookie(request: CookieSite): string {
  return prefixed(`peek_session_${request.site}`, request);
}

function tokensCookie(request: CookieSite): string {
  return prefixed(`peek_known_${request.site}`, request);
}

function formCookie(request: CookieSite): string {
  return prefixed(`peek_form_${request.site}`, request);
}

function prefixed(name: string, { isSecure }: CookieSite): string {
  return isSecure ? `${hostPrefix}${name}` : name;
}
