/** An address as people write it: what comes by IPv4 to a socket for both is named by its IPv4 address. */
export function plainAddress(address: string): string {
  return address.replace(/^::ffff:/, "");
}
