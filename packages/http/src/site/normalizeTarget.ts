import type { IncomingMessage } from "node:http";

const hostPattern = /^[\w.:[\]-]{1,255}$/;

/**
 * Normalizes the target of a request to a path, with the host in the header. The host of a target in absolute form (RFC 9112, 3.2.2)
 * overrides the header.
 *
 * @returns false for a request with an invalid host, or with several ones: it has to be refused with 400.
 */
export function normalizeTarget(request: IncomingMessage): boolean {
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

/** Whether a text is a host with an optional port, and cannot change the rest of a URL. */
export function isHost(text: string): boolean {
  return hostPattern.test(text) && URL.canParse(`http://${text}`);
}
