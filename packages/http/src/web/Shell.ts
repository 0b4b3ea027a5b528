import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { messageOf } from "@peek/errors";
import type { Logger } from "@peek/plugin-base";
import { type BuiltShell, builtShellFile, builtShellSchema } from "@peek/web/protocol";
import { z } from "zod";

/** A built shell. */
export interface FoundShell {
  readonly dir: string;
  readonly built: BuiltShell;
}

/** Finds the built shell, and reads its description again after a build. */
export class Shell {
  readonly #dir: () => string | undefined;
  readonly #logger: Logger;
  #read: { readonly signature: string; readonly found: FoundShell | undefined } | undefined;

  constructor(dir: () => string | undefined, logger: Logger) {
    this.#dir = dir;
    this.#logger = logger;
  }

  /** The shell; undefined when it is not built, of which one warning is logged. */
  async find(): Promise<FoundShell | undefined> {
    const dir = this.#dir();
    const signature = dir === undefined ? "" : await signatureOf(join(dir, builtShellFile));
    if (this.#read?.signature === signature) return this.#read.found;
    const found = await this.#readFrom(dir);
    this.#read = { signature, found };
    return found;
  }

  async #readFrom(dir: string | undefined): Promise<FoundShell | undefined> {
    try {
      if (dir === undefined) throw new Error("the package @peek/shell is not installed");
      return { dir, built: builtShellSchema.parse(JSON.parse(await readFile(join(dir, builtShellFile), "utf8"))) };
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
