import { closeSync, fsyncSync, openSync } from "node:fs";

/** Writes a folder's entries to the disk: new names in it, and renamed ones, survive a crash of the machine. */
export function syncFolder(dir: string): void {
  // Windows cannot open folders, and writes their entries by itself.
  if (process.platform === "win32") return;
  const descriptor = openSync(dir, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
