import { randomUUID } from "node:crypto";
import { mkdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";

/** The encodings in which files are kept, the best one first. */
export const fileEncodings = ["br", "gzip"] as const;
export type FileEncoding = (typeof fileEncodings)[number];

const compressWithBrotli = promisify(brotliCompress);
const compressWithGzip = promisify(gzip);
/** Higher levels take ten times as long for three percent. */
const brotliQuality = 9;

/** Compresses a file into another one, which appears as a whole. */
export async function precompress(from: string, to: string, encoding: FileEncoding): Promise<void> {
  const bytes = await readFile(from);
  const compressed =
    encoding === "br"
      ? await compressWithBrotli(bytes, {
          params: {
            [constants.BROTLI_PARAM_QUALITY]: brotliQuality,
            [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
          },
        })
      : await compressWithGzip(bytes, { level: constants.Z_BEST_COMPRESSION });
  await mkdir(dirname(to), { recursive: true, mode: 0o700 });
  const draft = `${to}.${randomUUID()}`;
  try {
    await writeFile(draft, compressed, { mode: 0o600 });
    await rename(draft, to);
  } finally {
    await rm(draft, { force: true });
  }
}

/** Whether a path is a plain file. */
export async function isFile(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}
