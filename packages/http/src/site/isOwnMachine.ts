import type { IncomingMessage } from "node:http";

/** What proxies add. One that adds none of them cannot be told from a browser. */
const passedOn = ["forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip"];

/**
 * Whether whoever made a request runs on this machine: it has come over the loopback device, is for a name of that, and nothing
 * says that a proxy has passed it on.
 */
export function isOwnMachine({ socket, headers }: IncomingMessage): boolean {
  if (!isLoopbackAddress(socket.remoteAddress ?? "")) return false;
  if (passedOn.some((name) => headers[name] !== undefined)) return false;
  const host = URL.parse(`http://${headers.host ?? ""}`)?.hostname.replace(/^\[|\]$/g, "") ?? "";
  return host === "localhost" || isLoopbackAddress(host);
}

/** Whether an address is of the loopback device. */
export function isLoopbackAddress(address: string): boolean {
  return address === "::1" || /^(?:::ffff:)?127\./.test(address);
}
