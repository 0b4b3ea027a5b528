import type { IncomingMessage } from "node:http";

/** Headers that proxies add. A proxy that adds none of them cannot be distinguished from a browser. */
const proxyHeaders = ["forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip"];

/**
 * Whether the client of a request runs on this machine: the request came over the loopback interface, is for its name, and has no
 * header of a proxy.
 */
export function isLocalRequest({ socket, headers }: IncomingMessage): boolean {
  if (!isLoopbackAddress(socket.remoteAddress ?? "")) return false;
  if (proxyHeaders.some((name) => headers[name] !== undefined)) return false;
  const host = URL.parse(`http://${headers.host ?? ""}`)?.hostname.replace(/^\[|\]$/g, "") ?? "";
  return host === "localhost" || isLoopbackAddress(host);
}

/** Whether an address belongs to the loopback interface. */
export function isLoopbackAddress(address: string): boolean {
  return address === "::1" || /^(?:::ffff:)?127\./.test(address);
}
