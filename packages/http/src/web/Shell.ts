import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { messageOf } from "@peek/errors";
import type { Logger } from "@peek/plugin-base";
import { isWebFilePath } from "@peek/web/protocol";
import { z } from "zod";

const file = z.string().refine(isWebFilePath, { error: "a relative path of plain names" });

const shellSchema = z.object({
  format: z.literal(1),
  hash: z.string().regex(/^[A-Za-z0-9_-]{1,100}$/, { error: "a hash" }),
  /** The import map: the file of each module that the shell provides. */
  imports: z.record(z.string(), file),
  module: file,
  styles: z.array(file),
  preloads: z.array(file),
  serviceWorker: file,
});

/** The description of a built shell, shell.json. */
export type BuiltShell = z.infer<typeof shellSchema>;

/** A built shell. */
export interface FoundShell {
  readonly dir: string;
  readonly built: BuiltShell;
}

const descriptionFile = "shell.json";

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
    const signature = dir === undefined ? "" : await signatureOf(join(dir, descriptionFile));
    if (this.#read?.signature === signature) return this.#read.found;
    const found = await this.#readFrom(dir);
    this.#read = { signature, found };
    return found;
  }

  async #readFrom(dir: string | undefined): Promise<FoundShell | undefined> {
    try {
      if (dir === undefined) throw new Error("the package @peek/shell is not installed");
      return { dir, built: shellSchema.parse(JSON.parse(await readFile(join(dir, descriptionFile), "utf8"))) };
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
