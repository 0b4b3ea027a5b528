/** The paths of an archive's files, which must be different files on every file system, also on one that ignores case. */
export class PathSet {
  /** By the folded path: the path of a file, or of a folder with a slash at its end. */
  readonly #known = new Map<string, string>();

  /** Adds a file's path. @returns The earlier path that it cannot be beside; undefined when it was added. */
  add(path: string): string | undefined {
    const names = path.split("/");
    const folders = names.slice(0, -1).map((_, index) => `${names.slice(0, index + 1).join("/")}/`);
    for (const folder of folders) {
      const key = folded(folder.slice(0, -1));
      const earlier = this.#known.get(key);
      if (earlier !== undefined && earlier !== folder) return earlier;
      this.#known.set(key, folder);
    }
    const key = folded(path);
    const earlier = this.#known.get(key);
    if (earlier !== undefined) return earlier;
    this.#known.set(key, path);
    return undefined;
  }
}

function folded(path: string): string {
  // Some characters equal others only in capitals, some only in small letters.
  return path.normalize("NFC").toUpperCase().toLowerCase();
}
