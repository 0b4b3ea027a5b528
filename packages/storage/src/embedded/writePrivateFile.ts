import { basename, dirname } from "node:path";
import { writeFileAtomic } from "@peek/config";
import { temporaryMark } from "./EmbeddedLayout.ts";
import { syncFolder } from "./syncFolder.ts";

/**
 * Writes a file that only its owner can read (mode 0600), atomically and durably, also in case of a loss of power.
 *
 * @throws Error of `node:fs`; the file is then unchanged.
 */
export function writePrivateFile(file: string, content: string): void {
  writeFileAtomic(file, content, `${basename(file)}${temporaryMark}`);
  syncFolder(dirname(file));
}
