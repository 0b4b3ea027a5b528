import { basename, dirname } from "node:path";
import { writeFileAtomic } from "@peek/config";
import { draftMark } from "./EmbeddedLayout.ts";
import { syncFolder } from "./syncFolder.ts";

/**
 * Gives a file a content for its owner's eyes, mode 0600, so that whatever happens, also a loss of power, it is there
 * whole or not at all.
 *
 * @throws Error of `node:fs`; the file is then as it was.
 */
export function writePrivateFile(file: string, content: string): void {
  writeFileAtomic(file, content, `${basename(file)}${draftMark}`);
  syncFolder(dirname(file));
}
