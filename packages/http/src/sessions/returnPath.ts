const base = "http://site.invalid";

/** Where a browser is sent after a login: a path of this site, and the start page for anything else. */
export function returnPath(text: string | undefined): string {
  if (text === undefined || text.length > 2000 || !/^\/(?![/\\])[\x21-\x7e]*$/.test(text)) return "/";
  const url = URL.parse(text, base);
  if (url === null || url.origin !== base) return "/";
  // As a browser understands it: "/.//elsewhere" is "//elsewhere".
  const path = `${url.pathname}${url.search}`;
  return path.startsWith("//") || path.startsWith("/peek/login") ? "/" : path;
}
