import { isIPv4 } from "node:net";
import { hostname, networkInterfaces } from "node:os";

/** Whether a host is certainly the machine that this runs on, by its name or one of its addresses; asks nobody. */
export function isThisMachine(host: string): boolean {
  const name = host.toLowerCase().replace(/^\[(.*)\]$/, "$1");
  if (name === "localhost" || name.endsWith(".localhost") || name === hostname().toLowerCase()) return true;
  if (name === "::1" || (isIPv4(name) && name.startsWith("127."))) return true;
  return Object.values(networkInterfaces()).some((addresses) => addresses?.some(({ address }) => address === name));
}
