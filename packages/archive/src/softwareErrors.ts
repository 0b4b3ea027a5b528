import { messageOf, PeekError } from "@peek/errors";

/** Whether an error of `node:fs` says that no more can be written. */
export function isFullDisk(error: unknown): boolean {
  const codes = ["ENOSPC", "EDQUOT", "EFBIG"];
  return error instanceof Error && "code" in error && codes.some((code) => error.code === code);
}

/** Describes a folder in `plugin-software` that cannot be changed. */
export function softwareUnusable(dir: string, cause: unknown): PeekError {
  return new PeekError(
    "PLUGIN_SOFTWARE_UNUSABLE",
    `${dir} cannot be changed: ${messageOf(cause)}. Make the account that runs the service the owner of it and of all files in it.`,
    { cause, fields: { dir } },
  );
}

/** Describes a full disk, on which nothing has been changed. */
export function softwareFull(dir: string, cause: unknown): PeekError {
  return new PeekError(
    "PLUGIN_SOFTWARE_FULL",
    `${dir} cannot be written: the disk is full, or a limit of the account has been reached. Nothing has been changed. Make room and try again.`,
    { cause, fields: { dir } },
  );
}
