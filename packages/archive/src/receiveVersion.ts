import { randomUUID } from "node:crypto";
import { existsSync, readdirSync, rmdirSync, rmSync } from "node:fs";
import { open } from "node:fs/promises";
import { basename, join } from "node:path";
import { makePrivateFolder } from "@peek/config";
import { PeekError } from "@peek/errors";
import { packageNameOf } from "@peek/plugin-base";
import { archiveError } from "./archiveError.ts";
import { defaultArchiveLimits } from "./ArchiveLimits.ts";
import { isFullDisk, softwareFull, softwareUnusable } from "./softwareErrors.ts";
import { draftPrefix, versionsFolder } from "./softwareFolders.ts";
import { openWhenFree } from "./openWhenFree.ts";

/** A version that another service sends. */
export interface ReceivedVersion {
  readonly plugin: string;
  /** The name of its folder: `1.4.0-0123456789ab`. */
  readonly name: string;
  /** The hash of its content, as `readArchive` returns it. */
  readonly hash: string;
  /** The version of `@peek/plugin-base` that the plugin will run with. */
  readonly pluginBase: string;
  /** Reads the bytes of the archive from an offset on, and the size of the archive. */
  readonly read: (offset: number) => Promise<{ readonly data: Uint8Array; readonly bytes: number }>;
}

/**
 * Receives the archive of a version, verifies it, and unpacks it beside the other versions, unless the version is installed already.
 * The folder is locked meanwhile: a service that shares it waits, and then finds the version installed.
 *
 * @returns Whether the version was installed before.
 * @throws PeekError as `openWhenFree`, `readArchive` and `VersionStore.unpack`; an error of `read`, or the reason of the signal. Nothing
 *   remains then.
 */
export async function receiveVersion(
  softwareDir: string,
  { plugin, name, hash, pluginBase, read }: ReceivedVersion,
  { waitMs, signal }: { readonly waitMs: number; readonly signal: AbortSignal },
): Promise<boolean> {
  using store = await openWhenFree(softwareDir, { waitMs, signal });
  const packageName = packageNameOf(plugin);
  if (store.versions(packageName).some(({ dir }) => basename(dir) === name)) return true;
  const above = versionsFolder(softwareDir, packageName);
  const file = join(above, `${draftPrefix}${randomUUID()}.tgz`);
  try {
    makePrivateFolder(above);
    await writeParts(file, plugin, read, signal);
    const expected = { plugin, pluginBase, allowDowngrade: true };
    const unpacked = await store.unpack(file, { expected });
    if (basename(unpacked.dir) === name && unpacked.archive.hash === hash) return false;
    if (!unpacked.wasInstalled) store.remove(packageName, unpacked);
    throw archiveError("ARCHIVE_MISMATCH", file, `is not ${plugin} ${name}, but ${basename(unpacked.dir)}.`);
  } catch (error) {
    if (PeekError.is(error) || signal.aborted) throw error;
    throw isFullDisk(error) ? softwareFull(above, error) : softwareUnusable(above, error);
  } finally {
    rmSync(file, { force: true });
    if (existsSync(above) && readdirSync(above).length === 0) rmdirSync(above);
  }
}

async function writeParts(
  file: string,
  plugin: string,
  read: ReceivedVersion["read"],
  signal: AbortSignal,
): Promise<void> {
  const { maxBytes } = defaultArchiveLimits;
  await using handle = await open(file, "wx", 0o600);
  for (let offset = 0; ;) {
    signal.throwIfAborted();
    const { data, bytes } = await read(offset);
    if (bytes > maxBytes)
      throw archiveError("ARCHIVE_TOO_LARGE", plugin, `has ${bytes} bytes; the limit is ${maxBytes}.`);
    await handle.writeFile(data);
    offset += data.length;
    if (offset >= bytes || data.length === 0) return;
  }
}
