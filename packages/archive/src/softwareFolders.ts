import { join } from "node:path";

/** The folder of one unpacked version of a package: `versions/<package>/<version>-<hash>`. */
export interface InstalledVersion {
  /** `1.4.0`. */
  readonly version: string;
  /** The beginning of the hash of its content. */
  readonly hash: string;
  /** Its folder, as a full path. */
  readonly dir: string;
}

/** The beginning of the names of what is being made, and is no version, link or entry yet. */
export const draftPrefix = ".unpacking-";

/** The folder of all versions of a package in a `plugin-software` folder. */
export function versionsFolder(softwareDir: string, packageName: string): string {
  return join(softwareDir, "versions", packageName);
}

/** The folder of the links to the current versions, each named after its package. */
export function currentFolder(softwareDir: string): string {
  return join(softwareDir, "current");
}

/** The folder of the archives that logic keeps for the other services. */
export function archivesFolder(softwareDir: string): string {
  return join(softwareDir, "archives");
}

const hashDigits = 12;

/** The name of the folder of a version with a content. */
export function versionFolderName(version: string, hash: string): string {
  return `${version}-${hash.slice(0, hashDigits)}`;
}

/** Splits the name of a version's folder; undefined for any other name, such as that of one that is being unpacked. */
export function parseVersionFolder(name: string): { readonly version: string; readonly hash: string } | undefined {
  const match = /^(\d.*)-([0-9a-f]{12})$/.exec(name);
  const [, version, hash] = match ?? [];
  return version === undefined || hash === undefined ? undefined : { version, hash };
}
