/** What is kept of one header; more than that is no browser's. */
const maxCookies = 200;
const value = /^[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]*$/;

/** What a `Cookie` header holds; of a name that is there twice the first, which is of the nearest path. */
export function parseCookies(header: string | undefined): ReadonlyMap<string, string> {
  const cookies = new Map<string, string>();
  for (const part of header?.split(";", maxCookies) ?? []) {
    const at = part.indexOf("=");
    const name = part.slice(0, at).trim();
    if (at > 0 && !cookies.has(name)) cookies.set(name, part.slice(at + 1).trim());
  }
  return cookies;
}

/** How a cookie is kept. */
export interface CookieOptions {
  /** Under which path it is sent. */
  readonly path: string;
  /** Whether scripts of pages can read it. Default: they cannot. */
  readonly isReadable?: boolean;
  /** `Lax`: not with what pages of others send; `Strict`: also not when they link here. */
  readonly sameSite: "Lax" | "Strict";
  /** Whether it is sent by encrypted connections alone. */
  readonly isSecure: boolean;
  /** How long it is kept; seconds. Default: until the browser is closed. */
  readonly maxAgeSeconds?: number;
}

/** The value of a `Set-Cookie` header. */
export function cookieText(name: string, text: string, options: CookieOptions): string {
  if (!value.test(text)) throw new Error(`The cookie ${name} cannot have such a value.`);
  const { path, isReadable = false, sameSite, isSecure, maxAgeSeconds } = options;
  const age = maxAgeSeconds === undefined ? [] : [`Max-Age=${maxAgeSeconds}`];
  const parts = [
    `${name}=${text}`,
    ...age,
    `Path=${path}`,
    ...(isReadable ? [] : ["HttpOnly"]),
    `SameSite=${sameSite}`,
  ];
  return [...parts, ...(isSecure ? ["Secure"] : [])].join("; ");
}
