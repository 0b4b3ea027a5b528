import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Plugin } from "vite";

/**
 * Removes the files of earlier builds after a build is written. Vite would remove them before it, so that a service that starts
 * meanwhile finds a part of the module, and a failed build leaves none.
 */
export function staleFiles(): Plugin {
  return {
    name: "peek:stale-files",
    apply: "build",
    async writeBundle({ dir }, bundle) {
      if (dir === undefined) return;
      const found = await readdir(dir, { recursive: true, withFileTypes: true });
      const written = new Set(Object.keys(bundle).map((file) => join(dir, file)));
      const stale = found.filter((entry) => !entry.isDirectory()).map(({ parentPath, name }) => join(parentPath, name));
      await Promise.all(stale.filter((file) => !written.has(file)).map((file) => rm(file, { force: true })));
    },
  };
}
