import { messageOf, PeekError } from "@peek/errors";
import { createTarDecoder } from "modern-tar";
import type { FileHandle } from "node:fs/promises";
import { ReadableStream } from "node:stream/web";
import { archiveError } from "./archiveError.ts";
import type { ArchiveLimits } from "./ArchiveLimits.ts";
import { boundedGunzip, tooLarge } from "./boundedGunzip.ts";
import { pathFault } from "./pathFault.ts";
import { PathSet } from "./PathSet.ts";

/** The folder of all files in an archive, as npm has it. */
export const packagePrefix = "package/";

/** One plain file in an archive. Its body has to be read before the next one is asked for. */
export interface ArchiveEntry {
  /** Its path in the package: plain, relative, and unique. */
  readonly path: string;
  readonly size: number;
  readonly body: AsyncIterable<Uint8Array>;
}

/**
 * The files in a `.tgz`, as they are read.
 *
 * @throws PeekError `ARCHIVE_INVALID` for what no plugin's archive has: links, devices, folders, unsafe or equal paths; for damage;
 *   `ARCHIVE_TOO_LARGE`.
 */
export async function* archiveEntries(
  handle: FileHandle,
  file: string,
  limits: ArchiveLimits,
): AsyncGenerator<ArchiveEntry, void, void> {
  const bytes = boundedGunzip(handle, file, limits);
  const packed = ReadableStream.from(bytes);
  const entries = packed.pipeThrough(createTarDecoder({ strict: true }));
  const paths = new PathSet();
  let files = 0;
  let announced = 0;
  try {
    for await (const { header, body } of entries) {
      files += 1;
      if (files > limits.maxFiles) {
        throw archiveError("ARCHIVE_TOO_LARGE", file, `has more than ${limits.maxFiles} files, which is the limit.`);
      }
      const path = checkedPath(header.name, header.type, file, limits);
      const earlier = paths.add(path);
      if (earlier !== undefined) throw archiveError("ARCHIVE_INVALID", file, notUnique(path, earlier));
      announced += header.size;
      if (announced > limits.maxUnpackedBytes) throw tooLarge(file, limits);
      yield { path, size: header.size, body: describingDamage(body, file) };
    }
  } catch (error) {
    throw PeekError.is(error) ? error : damaged(error, file);
  } finally {
    await bytes.return();
  }
}

function checkedPath(name: string, type: string | undefined, file: string, limits: ArchiveLimits): string {
  if (type !== "file") {
    throw archiveError(
      "ARCHIVE_INVALID",
      file,
      `contains ${JSON.stringify(name.slice(0, limits.maxPath))}, which is ${kinds[type ?? ""] ?? "no plain file"}. Make it with peek plugin pack: an archive has only plain files.`,
    );
  }
  // The path as a whole first: "package/../x" begins with the prefix too.
  const fault =
    pathFault(name, limits.maxPath) ??
    (name.startsWith(packagePrefix) ? undefined : `does not begin with ${packagePrefix}`);
  if (fault === undefined) return name.slice(packagePrefix.length);
  const shown = JSON.stringify(name.slice(0, limits.maxPath));
  throw archiveError(
    "ARCHIVE_INVALID",
    file,
    `has a file whose path ${shown} ${fault}. Make it with peek plugin pack.`,
  );
}

const kinds: Readonly<Record<string, string>> = {
  link: "a hard link",
  symlink: "a symbolic link",
  directory: "a folder",
  "character-device": "a device",
  "block-device": "a device",
  fifo: "a named pipe",
};

function notUnique(path: string, earlier: string): string {
  const both = `${JSON.stringify(path)} and ${JSON.stringify(earlier)}`;
  return path === earlier
    ? `contains ${JSON.stringify(path)} twice. Make it with peek plugin pack.`
    : `contains ${both}, which are one file where case makes no difference. Rename one of them.`;
}

async function* describingDamage(body: AsyncIterable<Uint8Array>, file: string): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } catch (error) {
    throw PeekError.is(error) ? error : damaged(error, file);
  }
}

function damaged(cause: unknown, file: string): PeekError {
  return archiveError("ARCHIVE_INVALID", file, `is damaged: ${messageOf(cause)} Copy it again.`, cause);
}
