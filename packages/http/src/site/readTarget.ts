import type { IncomingMessage } from "node:http";

const hostPattern = /^[\w.:[\]-]{1,255}$/;

/**
 * Brings the target of a request into the form that all others have: the path alone, and the host in the header. A target in
 * absolute form (RFC 9112, 3.2.2) counts more than the header.
 *
 * @returns false for a request that is for no host, or for more than one: it is refused with 400.
 */
export function readTarget(request: IncomingMessage): boolean {
  const { url = "", headers, headersDistinct } = request;
  const hosts = headersDistinct["host"] ?? [];
  if (hosts.length > 1 || (hosts[0] !== undefined && hosts[0] !== "" && !isHost(hosts[0]))) return false;
  if (url.startsWith("/") || (url === "*" && request.method === "OPTIONS")) return true;
  const [, host = "", rest = ""] = /^https?:\/\/([^/?#]*)(.*)$/i.exec(url) ?? [];
  if (!isHost(host)) return false;
  headers.host = host;
  headersDistinct["host"] = [host];
  request.url = rest.startsWith("/") ? rest : `/${rest}`;
  return true;
}

/** Whether it is a host, perhaps with a port, and nothing that would make another URL of it. */
export function isHost(text: string): boolean {
  return hostPattern.test(text) && URL.canParse(`http://${text}`);
}
