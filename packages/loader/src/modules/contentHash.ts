import { createHash, hash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { relative } from "node:path";
import { Semaphore } from "@peek/kit";
import { ownFiles } from "./ownFiles.ts";

/** The length of a hash, in hexadecimal digits. */
const length = 20;

/** How many files are read at a time. */
const parallelReads = 8;

/** A file up to this many bytes is read as a whole: a stream takes ten times as long. */
const maxWholeBytes = 1_000_000;

/**
 * The granularity of the dates that file systems keep. A file that was changed less than this before its import may have been
 * changed after it.
 */
const granularityMs = 2000;

/** Hashes the paths and the content of all own files of a package. */
export async function contentHash(rootDir: string): Promise<string> {
  const reads = new Semaphore(parallelReads);
  const files = (await ownFiles(rootDir)).filter(({ isFolder }) => !isFolder);
  const lines = await Promise.all(
    files.map(({ path }) => reads.run(async () => `${relative(rootDir, path)}\n${await fileHash(path)}\n`)),
  );
  return hash("sha256", lines.join("")).slice(0, length);
}

async function fileHash(path: string): Promise<string> {
  if ((await stat(path)).size <= maxWholeBytes) return hash("sha256", await readFile(path));
  const content = createHash("sha256");
  for await (const chunk of createReadStream(path)) content.update(chunk);
  return content.digest("hex");
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
