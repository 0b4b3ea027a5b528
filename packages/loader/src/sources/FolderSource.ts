import { basename } from "node:path";
import { packageFolder } from "./folders.ts";
import type { PluginSource } from "./PluginSource.ts";

/** Packages whose folders were named one by one; each folder is called as its package. For tests. */
export class FolderSource implements PluginSource {
  readonly title = "the folders that were named";
  readonly #folders: ReadonlyMap<string, string>;

  constructor(dirs: readonly string[]) {
    this.#folders = new Map(dirs.map((dir) => [basename(dir), dir]));
  }

  find(packageName: string): string | undefined {
    const dir = this.#folders.get(packageName);
    return dir === undefined ? undefined : packageFolder(dir);
  }
}
