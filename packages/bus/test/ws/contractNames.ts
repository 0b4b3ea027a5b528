/** Names of contracts with a given length. */
export function contractNames(count: number, length: number): readonly string[] {
  return Array.from({ length: count }, (_, n) => `peek_plugin_a.C${n}`.padEnd(length, "x"));
}
