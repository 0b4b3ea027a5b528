import { existsSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import {
  ArchiveFolder,
  archiveManifestName,
  archiveManifestSchema,
  installedVersions,
  readArchive,
  WantedVersions,
} from "@peek/archive";
import { PeekError } from "@peek/errors";
import { isPluginName, packageNameOf, type ServiceName } from "@peek/plugin-base";
import type { AdminRequest } from "./pluginAdminRpc.ts";

/** The version that services are to run. */
export interface ChosenVersion {
  /** The name of its folder: `1.4.0-0123456789ab`. */
  readonly name: string;
  readonly version: string;
  /** The services that it has a part for. */
  readonly services: readonly ServiceName[];
  /** The hash of its content. Absent where logic keeps no archive of it. */
  readonly hash?: string;
}

/** A version that logic knows. */
interface Candidate {
  readonly name: string;
  readonly version: string;
  /** Its archive, or the description of the installed archive. */
  readonly file: string;
  readonly isArchive: boolean;
}

/**
 * Chooses the version of an upgrade, a rollback or an installation among the archives that logic keeps, and the versions that are installed on
 * logic.
 *
 * @param running The names of the versions that run now.
 * @throws PeekError `PLUGIN_VERSION_NOT_INSTALLED`, or as `readArchive`
 */
export async function chooseVersion(
  softwareDir: string,
  { kind, plugin, version: wanted }: Pick<AdminRequest, "kind" | "plugin" | "version">,
  running: ReadonlySet<string>,
): Promise<ChosenVersion> {
  const candidates = isPluginName(plugin) ? candidatesOf(softwareDir, plugin) : [];
  const others = candidates.filter(({ name }) => !running.has(name));
  const found =
    wanted === undefined
      ? (before(softwareDir, plugin, others) ?? others[0])
      : (candidates.find(({ name }) => name === wanted) ??
        (kind === "rollback" ? others : candidates).find(({ version }) => version === wanted));
  if (found === undefined) throw notKnown(plugin, wanted, candidates);
  const { name, version, file, isArchive } = found;
  if (isArchive) {
    const { manifest, hash } = await readArchive(file);
    return { name, version, services: manifest.services, hash };
  }
  const { services } = archiveManifestSchema.parse(JSON.parse(readFileSync(file, "utf8")));
  return { name, version, services };
}

/** The version before the last change. */
function before(softwareDir: string, plugin: string, others: readonly Candidate[]): Candidate | undefined {
  const name = new WantedVersions(softwareDir).of(plugin)?.before;
  return others.find((each) => each.name === name);
}

/** All versions that logic knows, the newest first. */
function candidatesOf(softwareDir: string, plugin: string): readonly Candidate[] {
  const archives = new ArchiveFolder(softwareDir).of(plugin).map((each) => ({ ...each, isArchive: true }));
  const installed = installedVersions(softwareDir, packageNameOf(plugin))
    .map(({ dir, version }) => ({
      name: basename(dir),
      version,
      file: join(dir, archiveManifestName),
      isArchive: false,
    }))
    .filter(({ name, file }) => existsSync(file) && archives.every((archive) => archive.name !== name));
  return [...archives, ...installed];
}

function notKnown(plugin: string, wanted: string | undefined, candidates: readonly Candidate[]): PeekError {
  const names = candidates.map(({ version }) => version).join(", ") || "none";
  const what = wanted === undefined ? "no version to go back to" : `no version ${wanted}`;
  return new PeekError(
    "PLUGIN_VERSION_NOT_INSTALLED",
    `Logic knows ${what} of ${plugin}; it knows: ${names}. Name the archive of the version with peek plugin upgrade.`,
    { fields: { plugin } },
  );
}
