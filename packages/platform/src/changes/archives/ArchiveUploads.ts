import { createHash, randomUUID } from "node:crypto";
import { rmSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { ArchiveFolder, defaultArchiveLimits, readArchive } from "@peek/archive";
import { messageOf, PeekError } from "@peek/errors";
import type { ServiceName } from "@peek/plugin-base";

/** The file that is to be uploaded. */
export interface UploadRequest {
  /** Its SHA-256, in hexadecimal digits. */
  readonly sha256: string;
  /** Its size. */
  readonly bytes: number;
}

/** The progress of an upload. */
export type UploadProgress =
  /** The parts are to be sent with this id. */
  | { readonly type: "ready"; readonly upload: string }
  /** Logic has verified the archive, and keeps it. */
  | {
      readonly type: "kept";
      readonly plugin: string;
      /** The name of the version: `1.4.0-0123456789ab`. */
      readonly version: string;
      readonly services: readonly ServiceName[];
    };

/** An upload that is under way. */
interface Upload extends UploadRequest {
  readonly id: string;
  readonly handle: FileHandle;
  readonly hash: ReturnType<typeof createHash>;
  readonly complete: PromiseWithResolvers<void>;
  received: number;
  idle: NodeJS.Timeout | undefined;
}

/** Takes archives from the command line into the {@link ArchiveFolder} of logic: one at a time, in parts. */
export class ArchiveUploads {
  readonly #folder: ArchiveFolder;
  readonly #idleMs: number;
  /** The archives that no change has used yet, as `<plugin> <version>`. */
  readonly #unused = new Set<string>();
  #isBusy = false;
  #current: Upload | undefined;

  /**
   * Removes what earlier uploads have left.
   *
   * @param idleMs How long to wait for the next part, in milliseconds. Default: 60,000.
   */
  constructor(softwareDir: string, idleMs = 60_000) {
    this.#folder = new ArchiveFolder(softwareDir);
    this.#folder.removeDrafts();
    this.#idleMs = idleMs;
  }

  /**
   * Waits for all parts, verifies the archive, and keeps it. Of an archive that is refused or not complete, nothing remains.
   *
   * @param signal Ends the upload.
   * @throws PeekError `ARCHIVE_UPLOAD_BUSY`, `ARCHIVE_UPLOAD_ENDED`, `ARCHIVE_TOO_LARGE`, `ARCHIVE_INVALID`, or as `readArchive`;
   *   `PLUGIN_SOFTWARE_FULL` or `PLUGIN_SOFTWARE_UNUSABLE`
   */
  async *upload(request: UploadRequest, signal: AbortSignal): AsyncGenerator<UploadProgress, void> {
    const { maxBytes } = defaultArchiveLimits;
    if (request.bytes > maxBytes) throw tooLarge(request.bytes, maxBytes);
    if (this.#isBusy) throw busy();
    this.#isBusy = true;
    const file = this.#folder.draft();
    try {
      await using handle = await open(file, "wx", 0o600);
      const complete = Promise.withResolvers<void>();
      // Also where nobody waits for it, since the consumer has gone.
      complete.promise.catch(() => undefined);
      const hash = createHash("sha256");
      const upload: Upload = { ...request, id: randomUUID(), handle, hash, complete, received: 0, idle: undefined };
      const onAbort = (): void => complete.reject(ended("it was cancelled"));
      signal.addEventListener("abort", onAbort);
      this.#current = upload;
      try {
        if (signal.aborted) onAbort();
        this.#waitForPart(upload);
        if (request.bytes === 0) complete.resolve();
        yield { type: "ready", upload: upload.id };
        await complete.promise;
        await handle.sync();
      } finally {
        clearTimeout(upload.idle);
        signal.removeEventListener("abort", onAbort);
        this.#current = undefined;
      }
      const digest = upload.hash.digest("hex");
      if (digest !== request.sha256) throw damaged(digest, request.sha256);
      const { manifest, hash: content } = await readArchive(file);
      const { plugin, version, services } = manifest;
      const { archive, wasKept } = this.#folder.keep(file, { plugin, version, hash: content });
      if (!wasKept) this.#unused.add(`${plugin} ${archive.name}`);
      yield { type: "kept", plugin, version: archive.name, services };
    } finally {
      rmSync(file, { force: true });
      this.#isBusy = false;
    }
  }

  /**
   * Adds the next part of an upload.
   *
   * @returns The number of bytes that have arrived.
   * @throws PeekError `ARCHIVE_UPLOAD_ENDED`, `ARCHIVE_INVALID` or `PLUGIN_SOFTWARE_FULL`
   */
  async add(id: string, offset: number, data: Uint8Array): Promise<number> {
    const upload = this.#current;
    if (upload === undefined || upload.id !== id) throw ended("logic does not know it any more");
    const { bytes, handle, hash, complete } = upload;
    if (offset !== upload.received || offset + data.length > bytes) {
      const error = ended(
        `a part at ${offset} of ${data.length} bytes does not fit: ${upload.received} of ${bytes} arrived`,
      );
      complete.reject(error);
      throw error;
    }
    this.#waitForPart(upload);
    upload.received += data.length;
    hash.update(data);
    try {
      await handle.write(data, 0, data.length, offset);
    } catch (cause) {
      const message = `The archive cannot be stored: ${messageOf(cause)}. Nothing has been changed. Make room and try again.`;
      const error = new PeekError("PLUGIN_SOFTWARE_FULL", message, { cause });
      complete.reject(error);
      throw error;
    }
    if (upload.received === bytes) complete.resolve();
    return upload.received;
  }

  /** Notes that a change has used a version: it is kept from now on. */
  used(plugin: string, version: string): void {
    this.#unused.delete(`${plugin} ${version}`);
  }

  /** Removes an uploaded archive that no change has used. */
  discard(plugin: string, version: string): void {
    if (this.#unused.delete(`${plugin} ${version}`)) this.#folder.remove(plugin, version);
  }

  #waitForPart(upload: Upload): void {
    clearTimeout(upload.idle);
    const seconds = this.#idleMs / 1000;
    upload.idle = setTimeout(() => upload.complete.reject(ended(`no part arrived within ${seconds} s`)), this.#idleMs);
  }
}

function busy(): PeekError {
  const message =
    "Another archive is being uploaded to logic. Nothing has been changed. Try again when it has arrived.";
  return new PeekError("ARCHIVE_UPLOAD_BUSY", message);
}

function ended(why: string): PeekError {
  return new PeekError(
    "ARCHIVE_UPLOAD_ENDED",
    `The upload of the archive has ended: ${why}. Nothing has been changed.`,
  );
}

function tooLarge(bytes: number, limit: number): PeekError {
  const message = `The archive has ${bytes} bytes; the limit is ${limit}. Ship large data separately.`;
  return new PeekError("ARCHIVE_TOO_LARGE", message);
}

function damaged(digest: string, expected: string): PeekError {
  const message = `The archive arrived with the SHA-256 ${digest}, not ${expected}: it was changed on its way, or while it was read. Try again.`;
  return new PeekError("ARCHIVE_INVALID", message);
}
