import { realpathSync } from "node:fs";
import { realpath, stat } from "node:fs/promises";
import { basename, extname, join, relative, sep } from "node:path";

/** The result of looking a path up in a {@link FilesRoute}. */
export type FileFound =
  | {
      readonly kind: "file";
      /** Relative to {@link FilesRoute.dir}, with links resolved. */
      readonly path: string;
      /** Whether it never changes: it is in a folder `assets`, its name contains a hash, and it is not a page. */
      readonly isImmutable: boolean;
    }
  /** A folder: its path needs a slash at the end. */
  | { readonly kind: "folder" }
  | { readonly kind: "none" };

/** A route that serves the files of a folder. */
export class FilesRoute {
  /** The folder's real path. */
  readonly dir: string;
  readonly title: string | undefined;
  readonly #singlePage: boolean;

  /**
   * @param dir An existing folder.
   * @throws Error of `node:fs`
   */
  constructor(
    dir: string,
    { singlePage, title }: { readonly singlePage: boolean; readonly title: string | undefined },
  ) {
    this.dir = realpathSync(dir);
    this.title = title;
    this.#singlePage = singlePage;
  }

  /**
   * Finds the file for a path.
   *
   * @param segments The decoded path below the folder.
   * @param wantsPage Whether the request is for a page, and not for a part of one.
   */
  async find(segments: readonly string[], wantsPage: boolean): Promise<FileFound> {
    if (!segments.every((segment, index) => isPlain(segment, index === segments.length - 1))) return { kind: "none" };
    const isFolderPath = segments.at(-1) === "";
    const found = await this.#look(isFolderPath ? [...segments.slice(0, -1), "index.html"] : segments);
    if (found.kind !== "none" || !this.#singlePage) return found;
    const isPage = wantsPage || extname(segments.at(-1) ?? "") === "";
    return isPage ? await this.#look(["index.html"]) : found;
  }

  async #look(segments: readonly string[]): Promise<FileFound> {
    try {
      // Links may lead out of the folder.
      const file = await realpath(join(this.dir, ...segments));
      const path = relative(this.dir, file);
      // A path out of the folder begins with two dots; hidden files begin with one.
      if (path.split(sep).some((part) => part.startsWith("."))) return { kind: "none" };
      const status = await stat(file);
      if (status.isDirectory()) return { kind: "folder" };
      if (!status.isFile()) return { kind: "none" };
      return { kind: "file", path, isImmutable: isImmutable(path) };
    } catch {
      // For the browser, an unreadable file does not exist.
      return { kind: "none" };
    }
  }
}

function isPlain(segment: string, isLast: boolean): boolean {
  if (segment === "") return isLast;
  // No hidden files, and no way out of the folder.
  return !segment.startsWith(".") && !/[/\\\0]/.test(segment);
}

/** The folder `assets` shows that a build made the file: a name that people chose may look as if it had a hash. */
function isImmutable(path: string): boolean {
  return path.split(sep).slice(0, -1).includes("assets") && !/\.html?$/i.test(path) && hasHash(basename(path));
}

/** Whether a file's name contains a hash, as bundlers make it: `index-B4xZ_a9d.js`, or `main.1f0c2b7d9a3e4f50.css`. */
export function hasHash(name: string): boolean {
  const hash = /-([\w-]{8})\.\w+$/.exec(name)?.[1] ?? /\.([\da-f]{8,64})\.\w+$/.exec(name)?.[1];
  // Neither a word nor a date is a hash.
  return hash !== undefined && /[A-Za-z]/.test(hash) && (/\d/.test(hash) || /.[A-Z]/.test(hash));
}
