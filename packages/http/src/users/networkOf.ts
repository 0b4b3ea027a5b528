import { isIPv6 } from "node:net";

/** How many groups of an IPv6 address name its network: the owner of one address of a /64 usually has all of them. */
const networkGroups = 4;

/** The network of an address, for counting failures: an IPv4 address itself, or the /64 of an IPv6 address. */
export function networkOf(address: string): string {
  const plain = address.split("%", 1)[0] ?? "";
  if (!isIPv6(plain)) return address;
  const [head = "", tail] = plain.split("::");
  const before = head === "" ? [] : head.split(":");
  const after = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = tail === undefined ? 0 : Math.max(8 - before.length - after.length, 0);
  const all = [...before, ...Array.from({ length: zeros }, () => "0"), ...after];
  return all
    .slice(0, networkGroups)
    .map((group) => parseInt(group, 16).toString(16))
    .join(":");
}
