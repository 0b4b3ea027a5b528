import { closeSync, constants, fstatSync, openSync, statSync, write, writeSync } from "node:fs";
import { promisify } from "node:util";

const writeBuffer = promisify(write);
// O_NONBLOCK: opening a pipe in place of the file must not wait for a reader.
const appending = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NONBLOCK;

/** A file to which lines are appended. */
export class LogFile implements Disposable {
  readonly #path: string;
  readonly #fd: number;
  readonly #device: number;
  readonly #inode: number;
  #size: number;
  /** The day of its lines, in local time. */
  readonly day: Date;

  /**
   * Opens the file at its end, with access for its owner only; creates a missing one.
   *
   * @throws Error when it cannot be opened, or is not a file.
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

  /** Its size in bytes, as far as known. */
  get size(): number {
    return this.#size;
  }

  /** Whether its path still names it: it was not moved, removed or replaced. */
  isInPlace(): boolean {
    const found = statSync(this.#path, { throwIfNoEntry: false });
    if (found?.dev !== this.#device || found.ino !== this.#inode) return false;
    // Another program may have truncated it, after copying it.
    this.#size = found.size;
    return true;
  }

  /** Appends in the background, and resolves with the number of written bytes. */
  async append(bytes: Buffer): Promise<number> {
    const { bytesWritten } = await writeBuffer(this.#fd, bytes);
    return bytesWritten;
  }

  /** Appends synchronously, and returns the number of written bytes. */
  appendNow(bytes: Buffer): number {
    return writeSync(this.#fd, bytes);
  }

  /** Counts appended bytes. */
  grow(bytes: number): void {
    this.#size += bytes;
  }

  /** Whether the bytes that are being appended are in the file by now. */
  hasGrownBy(bytes: number): boolean {
    return fstatSync(this.#fd).size >= this.#size + bytes;
  }

  [Symbol.dispose](): void {
    closeSync(this.#fd);
  }
}
