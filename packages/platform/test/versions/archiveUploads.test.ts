import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { ArchiveUploads, type UploadProgress } from "../../src/changes/archives/ArchiveUploads.ts";
import { maxChunkBytes } from "../../src/changes/archives/pluginArchivesRpc.ts";
import { readChunk } from "../../src/changes/archives/readChunk.ts";
import { temporaryFolder } from "../temporaryFolder.ts";
import { packed, pump } from "./pumpVersions.ts";

describe("an archive that is uploaded to logic", () => {
  const never = new AbortController().signal;
  let dir: string;
  let uploads: ArchiveUploads;

  beforeEach(() => {
    dir = temporaryFolder();
    uploads = new ArchiveUploads(dir);
  });

  const begin = async (content: Uint8Array, signal = never, sha256 = sha256Of(content)) => {
    const stream = uploads.upload({ sha256, bytes: content.length }, signal);
    const first = await stream.next();
    return { stream, id: idOf(first.value) };
  };
  const namesIn = (...path: readonly string[]): readonly string[] => {
    const folder = join(dir, "archives", ...path);
    return existsSync(folder) ? readdirSync(folder) : [];
  };

  it("is kept when it has arrived whole, and is read in parts", async () => {
    const content = readFileSync(await packed("1.0.0"));
    const { stream, id } = await begin(content);
    const half = content.length >> 1;
    expect(await uploads.add(id, 0, content.subarray(0, half))).toBe(half);
    expect(await uploads.add(id, half, content.subarray(half))).toBe(content.length);
    const { value } = await stream.next();
    expect(value).toMatchObject({ type: "kept", plugin: pump, services: ["agent"] });
    const version = versionOf(value);
    expect(namesIn("peek-plugin-pump")).toEqual([`${version}.tgz`]);
    const { data, bytes } = await readChunk(dir, { plugin: pump, version, offset: 10 });
    expect(bytes).toBe(content.length);
    expect(Buffer.from(data, "base64")).toEqual(content.subarray(10, 10 + maxChunkBytes));
    await expect(readChunk(dir, { plugin: "../..", version, offset: 0 })).rejects.toMatchObject({
      code: "PLUGIN_VERSION_NOT_INSTALLED",
    });
    uploads.discard(pump, version);
    expect(namesIn()).toEqual([]);
  });

  it("leaves nothing when it is too large, damaged, has another hash, or does not fit", async () => {
    const bytes = 2 ** 40;
    await expect(uploads.upload({ sha256: "0".repeat(64), bytes }, never).next()).rejects.toMatchObject({
      code: "ARCHIVE_TOO_LARGE",
    });
    const garbage = Buffer.from("no archive");
    const other = await begin(garbage, never, "0".repeat(64));
    await uploads.add(other.id, 0, garbage);
    await expect(other.stream.next()).rejects.toMatchObject({ code: "ARCHIVE_INVALID", message: /SHA-256/ });
    const damaged = await begin(garbage);
    await uploads.add(damaged.id, 0, garbage);
    await expect(damaged.stream.next()).rejects.toMatchObject({ code: "ARCHIVE_INVALID" });
    const gap = await begin(garbage);
    const next = gap.stream.next();
    await expect(Promise.all([next, uploads.add(gap.id, 5, garbage)])).rejects.toMatchObject({
      code: "ARCHIVE_UPLOAD_ENDED",
    });
    await expect(next).rejects.toMatchObject({ code: "ARCHIVE_UPLOAD_ENDED" });
    expect(namesIn()).toEqual([]);
  });

  it("is refused while another one is under way, and leaves nothing when its stream ends or pauses", async () => {
    const content = Buffer.from("0123456789");
    const stop = new AbortController();
    const { stream, id } = await begin(content, stop.signal);
    await expect(begin(content)).rejects.toMatchObject({ code: "ARCHIVE_UPLOAD_BUSY" });
    await uploads.add(id, 0, content.subarray(0, 5));
    expect(namesIn()).toHaveLength(1);
    const next = stream.next();
    stop.abort();
    await expect(next).rejects.toMatchObject({ code: "ARCHIVE_UPLOAD_ENDED" });
    await expect(uploads.add(id, 5, content.subarray(5))).rejects.toMatchObject({ code: "ARCHIVE_UPLOAD_ENDED" });
    expect(namesIn()).toEqual([]);
    uploads = new ArchiveUploads(dir, 20);
    const idle = await begin(content);
    await expect(idle.stream.next()).rejects.toMatchObject({ message: /no part arrived within 0\.02 s/ });
    expect(namesIn()).toEqual([]);
  });
});

function sha256Of(content: Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}

function idOf(progress: UploadProgress | void): string {
  if (progress?.type !== "ready") throw new Error("The upload has not begun");
  return progress.upload;
}

function versionOf(progress: UploadProgress | void): string {
  if (progress?.type !== "kept") throw new Error("The archive is not kept");
  return progress.version;
}
