import { closeSync, fsyncSync, openSync } from "node:fs";
import { basename, dirname } from "node:path";
import { writeFileAtomic } from "@peek/config";
import { temporaryMark } from "./EmbeddedLayout.ts";

/**
 * Writes a file that only its owner can read (mode 0600), atomically and durably, also in case of a loss of power.
 *
 * @throws Error of `node:fs`; the file is then unchanged.
 */
export function writePrivateFile(file: string, content: string): void {
  writeFileAtomic(file, content, `${basename(file)}${temporaryMark}`);
  syncFolder(dirname(file));
}

/** Makes renames in a folder durable, so that they survive a loss of power. */
export function syncFolder(dir: string): void {
  const descriptor = openSync(dir, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
