import { lstatSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";

const dayMs = 24 * 60 * 60 * 1000;

/** Removes rotated files, `<name>-….log.gz`, that are older than so many days. What cannot be removed stays. */
export function removeOldLogs(dir: string, name: string, daysToKeep: number): void {
  const oldest = Date.now() - daysToKeep * dayMs;
  for (const file of readdirSync(dir)) {
    if (!file.startsWith(`${name}-`) || !file.endsWith(".log.gz")) continue;
    try {
      const path = join(dir, file);
      const stat = lstatSync(path);
      if (stat.isFile() && stat.mtimeMs < oldest) rmSync(path, { force: true });
    } catch {
      // Another has removed it, or the folder does not allow it: the log itself matters more.
    }
  }
}
