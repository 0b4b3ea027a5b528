import { isIPv4 } from "node:net";
import { hostname, networkInterfaces } from "node:os";

/** Whether a host is this machine, by a way that leads nowhere else. */
export function isLoopback(host: string): boolean {
  const name = plainName(host);
  return (
    name === "localhost" || name.endsWith(".localhost") || name === "::1" || (isIPv4(name) && name.startsWith("127."))
  );
}

/** Whether a host is certainly the machine that this runs on, by its name or one of its addresses; asks nobody. */
export function isThisMachine(host: string): boolean {
  const name = plainName(host);
  if (isLoopback(name) || name === hostname().toLowerCase()) return true;
  return Object.values(networkInterfaces()).some((addresses) => addresses?.some(({ address }) => address === name));
}

function plainName(host: string): string {
  return host.toLowerCase().replace(/^\[(.*)\]$/, "$1");
}
