import { open } from "node:fs/promises";
import { ArchiveFolder } from "@peek/archive";
import { messageOf, PeekError } from "@peek/errors";
import { isPluginName } from "@peek/plugin-base";
import { maxChunkBytes } from "./pluginArchivesRpc.ts";

/** A part of an archive. */
export interface ArchiveChunk {
  /** As base64. */
  readonly data: string;
  /** The size of the whole archive. */
  readonly bytes: number;
}

/**
 * Reads a part of an archive that logic keeps.
 *
 * @throws PeekError `PLUGIN_VERSION_NOT_INSTALLED` or `ARCHIVE_UNREADABLE`
 */
export async function readChunk(
  softwareDir: string,
  { plugin, version, offset }: { readonly plugin: string; readonly version: string; readonly offset: number },
): Promise<ArchiveChunk> {
  const archive = isPluginName(plugin) ? new ArchiveFolder(softwareDir).find(plugin, version) : undefined;
  if (archive === undefined) {
    throw new PeekError("PLUGIN_VERSION_NOT_INSTALLED", `Logic keeps no archive of ${plugin} ${version}.`);
  }
  const { file, bytes } = archive;
  try {
    await using handle = await open(file);
    const buffer = Buffer.alloc(Math.min(maxChunkBytes, Math.max(0, bytes - offset)));
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, offset);
    return { data: buffer.subarray(0, bytesRead).toString("base64"), bytes };
  } catch (cause) {
    throw new PeekError("ARCHIVE_UNREADABLE", `${file} cannot be read: ${messageOf(cause)}.`, { cause });
  }
}
