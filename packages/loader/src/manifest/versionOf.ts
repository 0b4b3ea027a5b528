import { join } from "node:path";
import { readJsonDocument, withoutJit } from "@peek/config";
import { describeValue, PeekError } from "@peek/errors";
import { isPluginVersion } from "@peek/plugin-base/manifest";
import { z } from "zod";

const kind = {
  unreadable: "ENTRY_UNRESOLVED",
  malformed: "ENTRY_UNRESOLVED",
  example: '{ "name": "peek-plugin-pump-log", "version": "1.0.0" }',
} as const;

const packageSchema = z.looseObject({ version: z.unknown() });

/**
 * The version of a plugin: the one in package.json, which npm uses.
 *
 * @param rootDir The plugin's package.
 * @param manifestFile Its plugin_package.json, for messages.
 * @param declared `plugin.version` there, which may repeat it, and is used where package.json has no version.
 * @throws PeekError `PLUGIN_VERSION_MISSING`, `PLUGIN_VERSION_MISMATCH`, or `ENTRY_UNRESOLVED` for a package.json that
 *   cannot be read.
 */
export function versionOf(rootDir: string, manifestFile: string, declared: string | undefined): string {
  const file = join(rootDir, "package.json");
  const version = packageSchema.safeParse(readJsonDocument(file, kind)?.value, withoutJit).data?.version ?? declared;
  if (!isPluginVersion(version)) {
    const what = version === undefined ? "no version" : `the invalid version ${describeValue(version)}`;
    throw new PeekError("PLUGIN_VERSION_MISSING", `${file} has ${what}. Write a version such as "version": "1.0.0".`, {
      fields: { file },
    });
  }
  if (declared !== undefined && declared !== version) {
    throw new PeekError(
      "PLUGIN_VERSION_MISMATCH",
      `${file} says version ${version}, and ${manifestFile} says plugin.version ${declared}. Remove plugin.version from plugin_package.json: the version in package.json applies.`,
      { fields: { file, version, declared } },
    );
  }
  return version;
}
