import { lt } from "semver";
import { archiveError } from "./archiveError.ts";

/**
 * Refuses a version of a plugin that is older than the current one.
 *
 * @param current The current version; undefined where there is none.
 * @param file The archive of the version.
 * @throws PeekError `ARCHIVE_DOWNGRADE`
 */
export function checkDowngrade(plugin: string, version: string, current: string | undefined, file: string): void {
  if (current === undefined || !lt(version, current)) return;
  throw archiveError(
    "ARCHIVE_DOWNGRADE",
    file,
    `has version ${version} of ${plugin}, which is older than the current one, ${current}. The old code has to run on the new tables; if it does, allow the downgrade with --allow-downgrade.`,
  );
}

/** Whether a version is older than another one. */
export function isOlder(version: string, than: string): boolean {
  return lt(version, than);
}
