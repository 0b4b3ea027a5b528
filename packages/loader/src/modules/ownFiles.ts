import { readdir } from "node:fs/promises";
import { join } from "node:path";

/** The folders of a package that hold no code of its own. */
const foreignFolders: ReadonlySet<string> = new Set(["node_modules", ".git"]);

/** A file or a folder of a package. */
export interface OwnFile {
  readonly path: string;
  readonly isFolder: boolean;
}

/** The files and folders of a package, itself included, without the packages that it depends on; sorted by path. */
export async function ownFiles(rootDir: string): Promise<readonly OwnFile[]> {
  const folders = [rootDir];
  const files: OwnFile[] = [];
  // The list grows during the iteration.
  for (const folder of folders) {
    for (const entry of await readdir(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      // A link to a folder is not followed: Node takes its modules for those of the folder that it leads to.
      if (entry.isDirectory() && !foreignFolders.has(entry.name)) folders.push(path);
      else if (entry.isFile()) files.push({ path, isFolder: false });
    }
  }
  const all = [...folders.map((path) => ({ path, isFolder: true })), ...files];
  return all.sort((one, other) => (one.path < other.path ? -1 : 1));
}
