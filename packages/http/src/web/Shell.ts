import { readdir, readFile, stat } from "node:fs/promises";
import { join, relative } from "node:path";
import { messageOf } from "@peek/errors";
import type { Logger } from "@peek/plugin-base";
import { type BuiltShell, builtShellFile, builtShellSchema, isWebFilePath } from "@peek/web/protocol";
import { z } from "zod";
import type { WebFileStore } from "./WebFileStore.ts";

/** A built shell. */
export interface FoundShell {
  readonly dir: string;
  readonly built: BuiltShell;
}

/** The name under which the versions of the shell are kept: no plugin can have it. */
const storedName = "shell";

/**
 * Finds the built shell, and reads its description again after a build. It keeps the files of former versions: pages that were opened
 * before Peek was upgraded load parts of theirs.
 */
export class Shell {
  readonly #dir: () => string | undefined;
  readonly #store: WebFileStore;
  readonly #logger: Logger;
  #read: { readonly signature: string; readonly found: Promise<FoundShell | undefined> } | undefined;

  constructor(dir: () => string | undefined, store: WebFileStore, logger: Logger) {
    this.#dir = dir;
    this.#store = store;
    this.#logger = logger;
  }

  /** The shell; undefined when it is not built, of which one warning is logged. */
  async find(): Promise<FoundShell | undefined> {
    const dir = this.#dir();
    const signature = dir === undefined ? "" : await signatureOf(join(dir, builtShellFile));
    if (this.#read?.signature !== signature) this.#read = { signature, found: this.#readFrom(dir) };
    return await this.#read.found;
  }

  /** The folder with the files of a version; undefined for a text that is no hash. The folder of another version may not exist. */
  async filesOf(hash: string): Promise<string | undefined> {
    const found = await this.find();
    if (found?.built.hash === hash) return found.dir;
    return isWebFilePath(hash) && !hash.includes("/") ? this.#store.filesOf(storedName, hash) : undefined;
  }

  async #keep({ dir, built: { hash } }: FoundShell): Promise<void> {
    try {
      const all = await readdir(dir, { recursive: true, withFileTypes: true });
      const files = all
        .filter((entry) => entry.isFile() && !entry.name.endsWith(".map"))
        .map(({ parentPath, name }) => relative(dir, join(parentPath, name)));
      this.#store.pin(storedName, hash);
      await this.#store.put({ name: storedName, hash, audience: { routes: [{}] }, folder: { dir, files } });
    } catch (error) {
      this.#logger.warning("Failed to copy the app of the site into the service's home: %s", messageOf(error));
    }
  }

  async #readFrom(dir: string | undefined): Promise<FoundShell | undefined> {
    try {
      if (dir === undefined) throw new Error("the package @peek/shell is not installed");
      const built = builtShellSchema.parse(JSON.parse(await readFile(join(dir, builtShellFile), "utf8")));
      await this.#keep({ dir, built });
      return { dir, built };
    } catch (error) {
      const message = (error instanceof z.ZodError ? z.prettifyError(error) : messageOf(error)).replace(/\s+/g, " ");
      this.#logger.warning("The app of the site is not built (%s). Browsers get a list of the plugins' pages", message);
      return undefined;
    }
  }
}

async function signatureOf(path: string): Promise<string> {
  try {
    const { ino, mtimeNs, size } = await stat(path, { bigint: true });
    return `${ino} ${mtimeNs} ${size}`;
  } catch {
    return "missing";
  }
}
