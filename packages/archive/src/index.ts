export { ArchiveFolder, type KeptArchive } from "./ArchiveFolder.ts";
export type { ArchiveExpectation } from "./ArchiveExpectation.ts";
export { type ArchiveLimits, defaultArchiveLimits } from "./ArchiveLimits.ts";
export {
  type ArchiveManifest,
  archiveManifestName,
  archiveManifestSchema,
  type ContractHash,
} from "./ArchiveManifest.ts";
export { ChangeJournal, type DamagedEntry, isOf, type JournalEntry } from "./ChangeJournal.ts";
export { contractHashes } from "./contractHashes.ts";
export { openWhenFree } from "./openWhenFree.ts";
export { type PackedArchive, type PackOptions, packPlugin } from "./packPlugin.ts";
export { type ReadArchive, readArchive, type ReadArchiveOptions } from "./readArchive.ts";
export { receiveVersion } from "./receiveVersion.ts";
export { checkDowngrade, isOlder } from "./checkDowngrade.ts";
export { type InstalledVersion, parseVersionFolder } from "./softwareFolders.ts";
export {
  currentVersion,
  installedVersions,
  type UnpackedVersion,
  type UnpackOptions,
  VersionStore,
} from "./VersionStore.ts";
export { type WantedVersion, WantedVersions } from "./WantedVersions.ts";
