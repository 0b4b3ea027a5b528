import { isPluginName, serviceNames } from "@peek/plugin-base";
import { isPluginVersion } from "@peek/plugin-base/manifest";
import { z } from "zod";

/** The file that describes an archive, the first one in it. */
export const archiveManifestName = "peek-archive.json";

/** The version of the format that this version of Peek writes and reads. */
export const archiveFormat = 1;

/** The maximum size of {@link archiveManifestName}, of package.json and of plugin_package.json in an archive: 8 MiB. */
export const maxManifestBytes: number = 8 * 1024 * 1024;

const sha256 = z.string().regex(/^[0-9a-f]{64}$/, { error: "a SHA-256 in hexadecimal digits" });
const size = z.int().min(0);

/** The schema of peek-archive.json. Unknown keys are dropped, so that a later version of Peek may add some. */
export const archiveManifestSchema = z.object({
  /** {@link archiveFormat}; a higher number is one that this version cannot read. */
  format: z.literal(archiveFormat),
  /** The plugin: `peek_plugin_tutorial`. */
  plugin: z.string().refine(isPluginName, { error: 'a plugin\'s name such as "peek_plugin_tutorial"' }),
  /** The plugin's version: that of package.json. */
  version: z.string().refine(isPluginVersion, { error: 'a version such as "1.4.0"' }),
  /** The services that the plugin has a part for. */
  services: z.array(z.enum(serviceNames)),
  /** The versions of `@peek/plugin-base` that the plugin runs with, as a range of npm's semver: `^0.1.0`. */
  pluginBase: z.string().min(1).max(200),
  /** All files of the archive but this one, in the order of their paths, which are relative to the package. */
  files: z.array(z.object({ path: z.string(), size, sha256 })),
  /** The contracts that the plugin declares, in the order of their names. */
  contracts: z.array(
    z.object({
      kind: z.enum(["rpc", "tuple", "action", "task"]),
      /** `<plugin>.<Name>`. */
      name: z.string().max(300),
      /** The hash of its structure: equal for contracts whose data is equal. */
      sha256,
    }),
  ),
  /** A place for the signature of the manifest without this key. This version neither makes nor checks one. */
  signature: z.object({ algorithm: z.string(), keyId: z.string(), value: z.string() }).optional(),
});

/** A checked peek-archive.json. */
export type ArchiveManifest = z.infer<typeof archiveManifestSchema>;

/** One file in an archive. */
export type ArchivedFile = ArchiveManifest["files"][number];

/** The structural hash of one contract. */
export type ContractHash = ArchiveManifest["contracts"][number];

/** The text of a manifest: the same for equal ones. */
export function archiveManifestText(manifest: ArchiveManifest): string {
  return `${JSON.stringify(manifest, null, 2)}\n`;
}
