import { isIPv6 } from "node:net";

/** How many groups of an IPv6 address are its network's: whoever has one address of a /64 has all of it. */
const groups = 4;

/** What failures of an address are counted by: an IPv4 address, or the network of an IPv6 address. */
export function networkOf(address: string): string {
  const plain = address.split("%", 1)[0] ?? "";
  if (!isIPv6(plain)) return address;
  const [head = "", tail] = plain.split("::");
  const before = head === "" ? [] : head.split(":");
  const after = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = tail === undefined ? 0 : Math.max(8 - before.length - after.length, 0);
  const all = [...before, ...Array.from({ length: zeros }, () => "0"), ...after];
  return all
    .slice(0, groups)
    .map((group) => parseInt(group, 16).toString(16))
    .join(":");
}
