import { randomUUID } from "node:crypto";
import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { draftMark } from "./EmbeddedLayout.ts";
import { syncFolder } from "./syncFolder.ts";

/**
 * Gives a file a content for its owner's eyes, mode 0600, so that whatever happens it is there whole or not at all.
 *
 * @throws Error of `node:fs`; the file is then as it was.
 */
export function writePrivateFile(file: string, content: string): void {
  const draft = `${file}${draftMark}${randomUUID()}`;
  try {
    const descriptor = openSync(draft, "wx", 0o600);
    try {
      writeFileSync(descriptor, content);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    renameSync(draft, file);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
  syncFolder(dirname(file));
}
