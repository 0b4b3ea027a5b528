/** The cookie in which a site stores the hash of the user for the scripts of its pages. */
const cookie = /(?:^|; )peek_user=([0-9a-f]{16})(?:;|$)/;

/**
 * The {@link userHash} of the page's user, before a service has answered: empty if nobody is logged in.
 *
 * @param urls The services to which the client connects.
 * @returns Undefined if it is unknown: outside of pages, and if none of the services is the page's own site.
 */
export function pageUserHash(urls: readonly string[]): string | undefined {
  if (typeof document !== "object" || typeof location !== "object") return undefined;
  const isOwn = urls.some((url) => URL.parse(url, location.href)?.host === location.host);
  return isOwn ? (cookie.exec(document.cookie)?.[1] ?? "") : undefined;
}
