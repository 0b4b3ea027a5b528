import { join } from "node:path";
import {
  createServiceHome,
  explainIssues,
  FileLock,
  makePrivateFolder,
  maxJsonBytes,
  readJsonDocument,
  type ServiceHome,
  writeFileAtomic,
} from "@peek/config";
import { messageOf, PeekError, type PeekErrorCode } from "@peek/errors";
import type { z } from "zod";

/** How long to wait for another process that is changing the file. */
const lockMs = 5000;

/** The content of a {@link PrivateListFile}, and the words of its errors. */
export interface PrivateListFormat<Entry> {
  /** The file's name: `users.json`. */
  readonly name: string;
  /** The code of all errors. */
  readonly code: PeekErrorCode;
  /** Selects the schema of a document, which may have been written by an older Peek. */
  readonly schemaOf: (document: unknown) => z.ZodType<readonly Entry[]>;
  /** Makes the document that is written. */
  readonly documentOf: (entries: readonly Entry[]) => Readonly<Record<string, unknown>>;
  /** The consequence of a damaged file: `Nobody can log in`. */
  readonly damage: string;
  /** The advice for a file that becomes too large: `Remove users`. */
  readonly remedy: string;
}

/**
 * A list in a JSON file in a service's home: mode 0600, in a folder of mode 0700. Any process may change it: a lock keeps changes
 * apart, and each change replaces the whole file.
 */
export class PrivateListFile<Entry> {
  readonly #home: ServiceHome;
  readonly #folder: string;
  readonly #format: PrivateListFormat<Entry>;

  /** @param folder The private folder, in the home. Nothing is read yet. */
  constructor(home: ServiceHome, folder: string, format: PrivateListFormat<Entry>) {
    this.#home = home;
    this.#folder = folder;
    this.#format = format;
  }

  get path(): string {
    return join(this.#folder, this.#format.name);
  }

  /**
   * Reads all entries; none when there is no file.
   *
   * @throws PeekError with the code of the format, when the file is unreadable or damaged.
   */
  read(): readonly Entry[] {
    const { code, schemaOf, documentOf, damage } = this.#format;
    const example = documentOf([]);
    const document = readJsonDocument(this.path, {
      unreadable: code,
      malformed: code,
      example: JSON.stringify(example, null, 1).replace(/\s+/g, " "),
    });
    if (document === undefined) return [];
    const checked = schemaOf(document.value).safeParse(document.value);
    if (checked.success) return checked.data;
    const mistakes = explainIssues(document, checked.error.issues, example);
    throw new PeekError(
      code,
      `${document.file} is damaged: ${mistakes.join("; ")}. ${damage} until it is fixed, restored from a backup, or removed with all its entries. The file was left unchanged.`,
      { fields: { file: document.file, mistakes } },
    );
  }

  /**
   * Changes the entries while no other process does. Creates the home and the folder when they are missing.
   *
   * @param edit Returns the new entries; the given array when there is nothing to change.
   * @returns The entries after the change.
   * @throws PeekError with the code of the format, or `HOME_UNUSABLE`; or the error of `edit`. The file is then unchanged.
   */
  edit(edit: (entries: readonly Entry[]) => readonly Entry[]): readonly Entry[] {
    const { schemaOf, documentOf, remedy } = this.#format;
    createServiceHome(this.#home);
    this.#attempt(() => makePrivateFolder(this.#folder));
    using _lock = this.#attempt(() => FileLock.acquire(`${this.path}.lock`, { waitMs: lockMs, removesFile: true }));
    const before = this.read();
    const after = edit(before);
    if (after === before) return before;
    const document = documentOf(after);
    const text = `${JSON.stringify(document, null, 2)}\n`;
    // A file that could not be read again must not be written.
    const checked = schemaOf(document).safeParse(document);
    if (!checked.success) throw this.#unwritable(checked.error.issues.map(({ message }) => message).join("; "));
    if (Buffer.byteLength(text) > maxJsonBytes) {
      throw this.#unwritable(`it would be larger than ${maxJsonBytes} bytes. ${remedy}`);
    }
    this.#attempt(() => writeFileAtomic(this.path, text));
    return after;
  }

  #attempt<T>(action: () => T): T {
    try {
      return action();
    } catch (cause) {
      throw this.#unwritable(messageOf(cause), cause);
    }
  }

  #unwritable(why: string, cause?: unknown): PeekError {
    return new PeekError(this.#format.code, `Failed to change ${this.path}: ${why}. The file was left unchanged.`, {
      cause,
      fields: { file: this.path },
    });
  }
}
