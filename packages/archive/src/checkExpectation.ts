import { PeekError } from "@peek/errors";
import { satisfies, validRange } from "semver";
import { archiveError } from "./archiveError.ts";
import type { ArchiveExpectation } from "./ArchiveExpectation.ts";
import type { ArchiveManifest } from "./ArchiveManifest.ts";
import { checkDowngrade } from "./checkDowngrade.ts";

/**
 * Compares an archive's manifest with what it has to be.
 *
 * @throws PeekError `ARCHIVE_MISMATCH`, `PLUGIN_NOT_FOR_SERVICE`, `ARCHIVE_INCOMPATIBLE` or `ARCHIVE_DOWNGRADE`
 */
export function checkExpectation(manifest: ArchiveManifest, expected: ArchiveExpectation, file: string): void {
  const { plugin, version, services, pluginBase } = manifest;
  if (expected.plugin !== undefined && expected.plugin !== plugin) {
    throw archiveError("ARCHIVE_MISMATCH", file, `is an archive of ${plugin}, not of ${expected.plugin}.`);
  }
  const missing = expected.services?.find((service) => !services.includes(service));
  if (missing !== undefined) {
    throw new PeekError(
      "PLUGIN_NOT_FOR_SERVICE",
      `${file} has no part of ${plugin} for ${missing}: it has parts for ${services.join(", ") || "no service"}. Leave ${missing} out.`,
      { fields: { file, plugin, service: missing } },
    );
  }
  if (validRange(pluginBase) === null) {
    throw archiveError("ARCHIVE_INVALID", file, `names no range of versions of @peek/plugin-base, but ${pluginBase}.`);
  }
  if (!satisfies(expected.pluginBase, pluginBase, { includePrerelease: true })) {
    throw archiveError(
      "ARCHIVE_INCOMPATIBLE",
      file,
      `was built for @peek/plugin-base ${pluginBase}, and this is ${expected.pluginBase}. Install a version of ${plugin} that was built for this one, or upgrade Peek.`,
    );
  }
  const { current, allowDowngrade = false } = expected;
  if (!allowDowngrade) checkDowngrade(plugin, version, current, file);
}
