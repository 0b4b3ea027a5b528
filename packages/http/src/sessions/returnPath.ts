const base = "http://site.invalid";

/** The redirect target after a login: a path of this site, or the start page for any other text. */
export function returnPath(text: string | undefined): string {
  if (text === undefined || text.length > 2000 || !/^\/(?![/\\])[\x21-\x7e]*$/.test(text)) return "/";
  const url = URL.parse(text, base);
  if (url === null || url.origin !== base) return "/";
  // Normalized as by a browser: "/.//elsewhere" becomes "//elsewhere".
  const path = `${url.pathname}${url.search}`;
  return path.startsWith("//") || path.startsWith("/peek/login") ? "/" : path;
}
