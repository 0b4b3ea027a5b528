import { isIPv4 } from "node:net";
import { hostname, networkInterfaces } from "node:os";

/** Whether a host is a loopback address or name. */
export function isLoopback(host: string): boolean {
  const name = plainName(host);
  return (
    name === "localhost" || name.endsWith(".localhost") || name === "::1" || (isIPv4(name) && name.startsWith("127."))
  );
}

/** Whether a host is certainly this machine, by its name or an address. Makes no DNS query. */
export function isThisMachine(host: string): boolean {
  const name = plainName(host);
  if (isLoopback(name) || name === hostname().toLowerCase()) return true;
  return Object.values(networkInterfaces()).some((addresses) => addresses?.some(({ address }) => address === name));
}

function plainName(host: string): string {
  return host.toLowerCase().replace(/^\[(.*)\]$/, "$1");
}
