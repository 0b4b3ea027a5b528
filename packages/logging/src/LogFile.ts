import { closeSync, constants, fstatSync, openSync, statSync, write, writeSync } from "node:fs";
import { promisify } from "node:util";

const writeBuffer = promisify(write);
// A pipe in the file's place would otherwise keep the process waiting for a reader.
const appending = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NONBLOCK;

/** A file that lines are appended to. */
export class LogFile implements Disposable {
  readonly #path: string;
  readonly #fd: number;
  readonly #device: number;
  readonly #inode: number;
  #size: number;
  /** The day that its lines are of, as on the wall. */
  readonly day: Date;

  /**
   * Opens the file for its owner alone, at its end; makes it where it is missing.
   *
   * @throws Error When it cannot be, or something else is in its place.
   */
  constructor(path: string) {
    if (statSync(path, { throwIfNoEntry: false })?.isFile() === false) throw new Error("it is not a file");
    this.#path = path;
    this.#fd = openSync(path, appending, 0o600);
    const { dev, ino, size, mtime } = fstatSync(this.#fd);
    this.#device = dev;
    this.#inode = ino;
    this.#size = size;
    this.day = size > 0 ? mtime : new Date();
  }

  /** Bytes in it, as far as is known. */
  get size(): number {
    return this.#size;
  }

  /** Whether its name still leads to it. Nobody has moved, removed or replaced it then. */
  isInPlace(): boolean {
    const found = statSync(this.#path, { throwIfNoEntry: false });
    if (found?.dev !== this.#device || found.ino !== this.#inode) return false;
    // Another may have cut it short, after copying it.
    this.#size = found.size;
    return true;
  }

  /** Begins to append. */
  async append(bytes: Buffer): Promise<number> {
    const { bytesWritten } = await writeBuffer(this.#fd, bytes);
    return bytesWritten;
  }

  /** Appends before it returns. */
  appendNow(bytes: Buffer): number {
    return writeSync(this.#fd, bytes);
  }

  /** So many bytes have been appended. */
  grow(bytes: number): void {
    this.#size += bytes;
  }

  /** Whether so many bytes that are being appended are in it by now. */
  hasGrownBy(bytes: number): boolean {
    return fstatSync(this.#fd).size >= this.#size + bytes;
  }

  [Symbol.dispose](): void {
    closeSync(this.#fd);
  }
}
