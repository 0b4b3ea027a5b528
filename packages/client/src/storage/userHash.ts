import { sha256 } from "@peek/live-protocol";

/** The cookie in which a site tells its pages whose they are, by mark; scripts can read it. */
const cookie = /(?:^|; )peek_user=([0-9a-f]{16})(?:;|$)/;

/** What tells one user from another without naming them. Sites make it in the same way. */
export function userHash(id: string): string {
  return sha256([id]).slice(0, 16);
}

/**
 * The mark of the user whose page this is, before any service has said so: empty when the page is nobody's.
 *
 * @param urls With which services it is connected.
 * @returns Undefined where there is no way to know: outside of pages, and when none of the services is the page's own site.
 */
export function pageUserHash(urls: readonly string[]): string | undefined {
  if (typeof document !== "object" || typeof location !== "object") return undefined;
  const isOwn = urls.some((url) => URL.parse(url, location.href)?.host === location.host);
  return isOwn ? (cookie.exec(document.cookie)?.[1] ?? "") : undefined;
}
