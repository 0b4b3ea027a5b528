import { ExitCode } from "../exitCodes.ts";
import type { CatalogueEntry } from "./CatalogueEntry.ts";

/** Errors of packing, verifying and installing archives of plugins. */
export const archiveErrors = {
  PLUGIN_NOT_PACKABLE: {
    meaning:
      "A folder cannot be packed as a plugin: it is no built package of a plugin, or has links or too many files.",
    resolution: "Build the plugin, and correct what the message names.",
    exitCode: ExitCode.config,
  },
  ARCHIVE_UNREADABLE: {
    meaning: "The archive of a plugin does not exist, or cannot be read.",
    resolution: "Name a .tgz file that this account can read.",
    exitCode: ExitCode.config,
  },
  ARCHIVE_INVALID: {
    meaning:
      "A file is no archive of a plugin, is damaged, or contains something that no such archive may contain: a link, a device, a path that leads outside, a file that its list lacks or whose hash differs.",
    resolution: "Copy the archive again. If that does not help, make it again with peek plugin pack.",
    exitCode: ExitCode.config,
  },
  ARCHIVE_TOO_LARGE: {
    meaning: "An archive of a plugin, or something in it, is larger than its limit. Reading ended at the limit.",
    resolution: "Leave large data out of the archive. Do not use one that unpacks to a multiple of what it should.",
    exitCode: ExitCode.config,
  },
  ARCHIVE_MISMATCH: {
    meaning: "An archive belongs to another plugin than expected.",
    resolution: "Name the archive of the right plugin.",
    exitCode: ExitCode.config,
  },
  ARCHIVE_INCOMPATIBLE: {
    meaning: "An archive was built for a version of plugin-base that this version of Peek does not have.",
    resolution: "Install a version of the plugin that was built for this version of Peek, or upgrade Peek.",
    exitCode: ExitCode.config,
  },
  ARCHIVE_DOWNGRADE: {
    meaning: "An archive has an older version of a plugin than the current one.",
    resolution: "Install a newer one. If the old code runs on the new tables, allow the downgrade.",
    exitCode: ExitCode.config,
  },
  ARCHIVE_UPLOAD_BUSY: {
    meaning: "Another archive is being uploaded to logic, which takes one at a time.",
    resolution: "Try again when the other one has arrived.",
    exitCode: ExitCode.unavailable,
  },
  ARCHIVE_UPLOAD_ENDED: {
    meaning: "The upload of an archive to logic ended before all of it had arrived. Nothing has been changed.",
    resolution: "Try again.",
    exitCode: ExitCode.unavailable,
  },
  PLUGIN_SOFTWARE_LOCKED: {
    meaning: "Another process is changing the plugins in a plugin-software folder.",
    resolution: "Wait for it to end, and try again.",
    exitCode: ExitCode.unavailable,
  },
  PLUGIN_SOFTWARE_UNUSABLE: {
    meaning: "A plugin-software folder, or a folder in it, cannot be written.",
    resolution: "Make the account that runs the service the owner of the folder and of all files in it.",
    exitCode: ExitCode.config,
  },
  PLUGIN_SOFTWARE_FULL: {
    meaning: "The disk was full while an archive was unpacked, or a change was recorded. Nothing has been changed.",
    resolution: "Make room, and try again.",
    exitCode: ExitCode.unavailable,
  },
  PLUGIN_VERSION_NOT_INSTALLED: {
    meaning: "A version of a plugin is not among the installed ones.",
    resolution: "See peek plugin list for the installed versions, and install the archive of the one that you need.",
    exitCode: ExitCode.config,
  },
} as const satisfies Readonly<Record<string, CatalogueEntry>>;
