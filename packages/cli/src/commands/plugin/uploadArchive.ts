import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { open, stat } from "node:fs/promises";
import { readArchive } from "@peek/archive";
import { PeekError } from "@peek/errors";
import type { PluginAdmin } from "@peek/platform";
import type { ServiceName } from "@peek/plugin-base";
import { interruptible } from "../../storage/interruptible.ts";

/** The size of one part, in bytes. */
const partBytes = 256 * 1024;
/** How long logic may take to store one part, or to verify the archive, in milliseconds. */
const partMs = 120_000;

/** An archive that logic keeps. */
export interface UploadedArchive {
  readonly plugin: string;
  /** The name of the version: `1.4.0-0123456789ab`. */
  readonly version: string;
  readonly services: readonly ServiceName[];
}

/**
 * Verifies an archive, and sends it to logic.
 *
 * @returns undefined when it was interrupted; then logic keeps nothing of it.
 * @throws PeekError as `readArchive`, or as logic refuses it
 */
export async function uploadArchive({ client }: PluginAdmin, file: string): Promise<UploadedArchive | undefined> {
  await readArchive(file);
  const request = { sha256: await sha256Of(file), bytes: (await stat(file)).size };
  let uploaded: UploadedArchive | undefined;
  await interruptible(async (signal) => {
    for await (const progress of client.upload(request, { signal, deadlineMs: partMs })) {
      if (progress.type === "kept") uploaded = progress;
      else await sendParts(client, progress.upload, file, signal);
    }
    if (uploaded === undefined) throw new PeekError("ARCHIVE_UPLOAD_ENDED", "Logic has ended the upload. Try again.");
  });
  return uploaded;
}

async function sendParts(
  client: PluginAdmin["client"],
  upload: string,
  file: string,
  signal: AbortSignal,
): Promise<void> {
  await using handle = await open(file);
  const buffer = Buffer.alloc(partBytes);
  for (let offset = 0; ;) {
    const { bytesRead } = await handle.read(buffer, 0, partBytes, offset);
    if (bytesRead === 0) return;
    const data = buffer.subarray(0, bytesRead).toString("base64");
    await client.uploadPart({ upload, offset, data }, { signal, deadlineMs: partMs });
    offset += bytesRead;
  }
}

async function sha256Of(file: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(file)) hash.update(chunk);
  return hash.digest("hex");
}
