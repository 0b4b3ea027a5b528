import { realpathSync } from "node:fs";
import { realpath, stat } from "node:fs/promises";
import { basename, extname, join, relative, sep } from "node:path";

/** What a path under a {@link FilesRoute} leads to. */
export type FileFound =
  | {
      readonly kind: "file";
      /** Relative to {@link FilesRoute.dir}, by which links lead to it. */
      readonly path: string;
      /** Whether it never changes: it is in a folder `assets`, its name has a hash in it, and it is no page. */
      readonly isImmutable: boolean;
    }
  /** It is a folder, whose path has a slash at its end. */
  | { readonly kind: "folder" }
  | { readonly kind: "none" };

/** A folder whose files are served. */
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
   * @param segments What comes after the folder's own path, decoded.
   * @param wantsPage Whether a page is asked for, and not something that a page is made of.
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
      // Links may lead anywhere.
      const file = await realpath(join(this.dir, ...segments));
      const path = relative(this.dir, file);
      // Out of the folder it begins with two dots.
      if (path.split(sep).some((part) => part.startsWith("."))) return { kind: "none" };
      const status = await stat(file);
      if (status.isDirectory()) return { kind: "folder" };
      if (!status.isFile()) return { kind: "none" };
      return { kind: "file", path, isImmutable: isImmutable(path) };
    } catch {
      // Whatever the reason, there is nothing to be read.
      return { kind: "none" };
    }
  }
}

function isPlain(segment: string, isLast: boolean): boolean {
  if (segment === "") return isLast;
  // Nothing hidden, nor out of the folder.
  return !segment.startsWith(".") && !/[/\\\0]/.test(segment);
}

/** Names that people give look like those with a hash now and then: what a build made is known by its folder. */
function isImmutable(path: string): boolean {
  return path.split(sep).slice(0, -1).includes("assets") && !/\.html?$/i.test(path) && hasHash(basename(path));
}

/** Whether a name has a hash in it, as Vite gives: `index-B4xZ_a9d.js`, or `main.1f0c2b7d9a3e4f50.css`. */
export function hasHash(name: string): boolean {
  const hash = /-([\w-]{8})\.\w+$/.exec(name)?.[1] ?? /\.([\da-f]{8,64})\.\w+$/.exec(name)?.[1];
  // A word or a date is no hash.
  return hash !== undefined && /[A-Za-z]/.test(hash) && (/\d/.test(hash) || /.[A-Z]/.test(hash));
}
