import { createReadStream } from "node:fs";
import { createGunzip } from "node:zlib";
import { pipeline } from "node:stream/promises";
import type { FileHandle } from "node:fs/promises";
import { archiveError } from "./archiveError.ts";
import { type ArchiveLimits, leastSuspiciousBytes } from "./ArchiveLimits.ts";

/**
 * The unpacked bytes of a gzip file. Unpacking ends at the limits of an archive, with an error.
 *
 * @param handle The open file, which the caller closes.
 * @param file Its path, for messages.
 * @throws PeekError `ARCHIVE_INVALID` for what is not gzip or is cut off, `ARCHIVE_TOO_LARGE`.
 */
export async function* boundedGunzip(
  handle: FileHandle,
  file: string,
  limits: ArchiveLimits,
): AsyncGenerator<Uint8Array, void, void> {
  const source = createReadStream("", { fd: handle, autoClose: false, start: 0 });
  const gunzip = createGunzip();
  // The loop below gets the error too.
  const piping = pipeline(source, gunzip).catch(() => undefined);
  let unpacked = 0;
  try {
    for await (const chunk of gunzip) {
      const bytes: Uint8Array = chunk;
      unpacked += bytes.length;
      if (unpacked > limits.maxUnpackedBytes) throw tooLarge(file, limits);
      if (unpacked > leastSuspiciousBytes && unpacked > gunzip.bytesWritten * limits.maxRatio) {
        throw archiveError(
          "ARCHIVE_TOO_LARGE",
          file,
          `unpacks to more than ${limits.maxRatio} times its size. Do not use it: it may be made to fill the disk.`,
        );
      }
      yield bytes;
    }
  } catch (cause) {
    if (isZlibError(cause)) {
      throw archiveError("ARCHIVE_INVALID", file, `is not a whole .tgz file: ${cause.message}. Copy it again.`, cause);
    }
    throw cause;
  } finally {
    gunzip.destroy();
    source.destroy();
    await piping;
  }
}

/** The error of an archive that is larger than it may be when it is unpacked. */
export function tooLarge(file: string, limits: ArchiveLimits): Error {
  return archiveError(
    "ARCHIVE_TOO_LARGE",
    file,
    `unpacks to more than ${limits.maxUnpackedBytes} bytes, which is the limit. Ship large data separately.`,
  );
}

function isZlibError(error: unknown): error is Error {
  return error instanceof Error && "code" in error && typeof error.code === "string" && error.code.startsWith("Z_");
}
