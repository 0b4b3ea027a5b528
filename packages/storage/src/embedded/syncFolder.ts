import { closeSync, fsyncSync, openSync } from "node:fs";

/** Makes the names in a folder last through a loss of power: a rename is not on the disk before. */
export function syncFolder(dir: string): void {
  const descriptor = openSync(dir, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
