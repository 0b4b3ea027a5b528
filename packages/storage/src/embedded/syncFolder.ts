import { closeSync, fsyncSync, openSync } from "node:fs";

/** Makes renames in a folder durable, so that they survive a loss of power. */
export function syncFolder(dir: string): void {
  const descriptor = openSync(dir, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
