/** The limits of what is kept. */
export interface VersionLimits {
  /** By `Date.now()`. */
  readonly now: number;
  readonly keptMs: number;
  readonly keptVersions: number;
}

/**
 * Chooses the versions of one plugin to remove: those that left the catalogue too long ago, and of the others the ones that left first.
 *
 * @param others The versions outside of the catalogue.
 * @param leftAt When each was first seen there: completed with the new ones, and without those to remove.
 */
export function pruneVersions(
  others: readonly string[],
  leftAt: Map<string, number>,
  { now, keptMs, keptVersions }: VersionLimits,
): readonly string[] {
  for (const path of others) if (!leftAt.has(path)) leftAt.set(path, now);
  const since = (path: string): number => leftAt.get(path) ?? now;
  const latest = [...others].sort((one, other) => since(other) - since(one));
  const removed = latest.filter((path, index) => index >= keptVersions || now - since(path) >= keptMs);
  for (const path of removed) leftAt.delete(path);
  return removed;
}
