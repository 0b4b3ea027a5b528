/** The begin of the names of the caches with the files of web modules. */
export const moduleCaches = "peek-modules-";

/** The cache with the files of web modules that a user may see. @param mark The mark of the user. */
export function moduleCacheOf(mark: string): string {
  return moduleCaches + mark;
}
