/** An address in its usual form: the IPv4-mapped IPv6 address of a dual-stack socket becomes an IPv4 address. */
export function plainAddress(address: string): string {
  return address.replace(/^::ffff:/, "");
}
