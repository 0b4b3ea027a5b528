import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { relative } from "node:path";
import { ownFiles } from "./ownFiles.ts";

/** The length of a hash, in hexadecimal digits. */
const length = 20;

/**
 * The granularity of the dates that file systems keep. A file that was changed less than this before its import may have been
 * changed after it.
 */
const granularityMs = 2000;

/** Hashes the paths and the content of all own files of a package. */
export async function contentHash(rootDir: string): Promise<string> {
  const hash = createHash("sha256");
  for (const { path, isFolder } of await ownFiles(rootDir)) {
    if (isFolder) continue;
    const content = createHash("sha256");
    for await (const chunk of createReadStream(path)) content.update(chunk);
    hash.update(`${relative(rootDir, path)}\n${content.digest("hex")}\n`);
  }
  return hash.digest("hex").slice(0, length);
}

/**
 * Whether it is certain that none of a package's own files has been changed, added or removed since a time.
 *
 * The time of the last status change, which no program can set, decides: npm gives all files of a package the same modification time.
 *
 * @param since By `Date.now()`.
 */
export async function isUnchangedSince(rootDir: string, since: number): Promise<boolean> {
  for (const { path } of await ownFiles(rootDir)) {
    const { ctimeMs, mtimeMs } = await stat(path);
    if (Math.max(ctimeMs, mtimeMs) > since - granularityMs) return false;
  }
  return true;
}
