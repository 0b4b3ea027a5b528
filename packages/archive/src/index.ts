export type { ArchiveExpectation } from "./ArchiveExpectation.ts";
export { type ArchiveLimits, defaultArchiveLimits } from "./ArchiveLimits.ts";
export {
  type ArchiveManifest,
  archiveManifestName,
  archiveManifestSchema,
  type ContractHash,
} from "./ArchiveManifest.ts";
export { ChangeJournal, type DamagedEntry, type JournalEntry } from "./ChangeJournal.ts";
export { contractHashes } from "./contractHashes.ts";
export { type PackedArchive, type PackOptions, packPlugin } from "./packPlugin.ts";
export { type ReadArchive, readArchive, type ReadArchiveOptions } from "./readArchive.ts";
export type { InstalledVersion } from "./softwareFolders.ts";
export {
  currentVersion,
  installedVersions,
  type UnpackedVersion,
  type UnpackOptions,
  VersionStore,
} from "./VersionStore.ts";
