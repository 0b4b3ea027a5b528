/** Formats a number of bytes for people: `0.1 MB`. */
export function inUnits(bytes: number): string {
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}
