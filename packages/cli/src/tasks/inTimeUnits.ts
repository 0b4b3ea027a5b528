const units = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["min", 60_000],
  ["s", 1000],
] as const;

/** Formats milliseconds for people: `2.5 s`, `12.0 min`. */
export function inTimeUnits(milliseconds: number): string {
  const [unit, size] = units.find(([, each]) => milliseconds >= each) ?? (["ms", 1] as const);
  return `${(milliseconds / size).toFixed(1)} ${unit}`;
}
