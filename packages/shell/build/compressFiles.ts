import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, gzip } from "node:zlib";

const smallest = 1024;
const brotli = promisify(brotliCompress);
const gzipped = promisify(gzip);

/** Writes a copy with the ending .br and one with .gz beside each file that compression makes smaller. */
export async function compressFiles(dir: string, files: readonly string[]): Promise<void> {
  for (const file of files) {
    const path = join(dir, file);
    const content = await readFile(path);
    if (content.length < smallest) continue;
    await writeFile(`${path}.br`, await brotli(content));
    await writeFile(`${path}.gz`, await gzipped(content, { level: 9 }));
  }
}
