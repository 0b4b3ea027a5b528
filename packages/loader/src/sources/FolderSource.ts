import { packagesIn } from "./folders.ts";
import type { PluginSource } from "./PluginSource.ts";

/** Packages in given folders. For tests. */
export class FolderSource implements PluginSource {
  readonly title = "the given folders";
  readonly #dirs: readonly string[];
  #folders: ReadonlyMap<string, string>;

  constructor(dirs: readonly string[]) {
    this.#dirs = dirs;
    this.#folders = packagesIn(dirs);
  }

  find(packageName: string): string | undefined {
    return this.#folders.get(packageName);
  }

  /** The npm names of all of them. */
  packageNames(): readonly string[] {
    return [...this.#folders.keys()];
  }

  refresh(): void {
    this.#folders = packagesIn(this.#dirs);
  }
}
