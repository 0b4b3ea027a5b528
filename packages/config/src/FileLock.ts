import {
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  openSync,
  readSync,
  statSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";
import { isFileError } from "./isFileError.ts";
import { chownLike } from "./ownership.ts";
import { type LockMode, type LockOutcome, tryKernelLock } from "./kernelLock.ts";
import { isAlive, type LockHolder, parseHolder, thisProcess, titleOf } from "./lockHolder.ts";

const firstPauseMs = 1;
const longestPauseMs = 20;
/** The maximum number of bytes that are read of a file; the description of a process is shorter. */
const maxHolderBytes = 4096;

/** How a lock is acquired. */
export interface FileLockOptions {
  /** How long to wait for another process that holds the lock; this process is blocked meanwhile. Default: 0. */
  readonly waitMs?: number;
  /** Whether to wait for a given holder. Default: for all holders. */
  readonly waitsFor?: (holder: LockHolder | undefined) => boolean;
  /**
   * Whether to remove the file when the lock is released. Not for locks that matter on network file systems, where another
   * machine may still see a removed file. Default: false.
   */
  readonly removesFile?: boolean;
  /** Acquires the lock from the system. Default: {@link tryKernelLock}. */
  readonly tryLock?: (descriptor: number, mode: LockMode) => LockOutcome;
}

/** Another process holds the lock. */
export class LockHeldError extends Error {
  /** That process, when the file names it. */
  readonly holder: LockHolder | undefined;

  constructor(file: string, holder: LockHolder | undefined) {
    super(`${titleOf(holder)} has locked ${file}. Wait for that process to end, or end it`);
    this.name = "LockHeldError";
    this.holder = holder;
  }
}

/**
 * An advisory lock of the kernel on a file. It is held while this process, or a process that inherits the descriptor, has
 * the file open; it is seen in every container and on every machine that sees the same file. The file also names the process,
 * for people.
 */
export class FileLock implements Disposable {
  /** Whether the file system supports locks. Without them, only processes of one machine and PID namespace exclude each other. */
  readonly isSupported: boolean;
  /** The open file. A process that inherits it also holds the lock, until it ends. */
  readonly descriptor: number;
  readonly #file: string;
  readonly #removesFile: boolean;
  #isOpen = true;

  private constructor(file: string, descriptor: number, isSupported: boolean, removesFile: boolean) {
    this.#file = file;
    this.descriptor = descriptor;
    this.isSupported = isSupported;
    this.#removesFile = removesFile;
  }

  /**
   * Acquires the lock.
   *
   * @throws LockHeldError when another process holds it; Error of `node:fs`, or one that describes the mistake in the file.
   */
  static acquire(file: string, options: FileLockOptions = {}): FileLock {
    const { waitMs = 0, waitsFor = () => true, removesFile = false, tryLock = tryKernelLock } = options;
    const until = performance.now() + waitMs;
    for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
      const descriptor = openLockFile(file);
      try {
        const outcome = outcomeOf(descriptor, tryLock);
        // Other processes do not see a file that was removed or replaced in between.
        if (outcome !== "held" && isSameFile(file, descriptor)) {
          writeHolder(descriptor);
          return new FileLock(file, descriptor, outcome === "acquired", removesFile);
        }
        const holder = readHolder(descriptor);
        const givesUp = performance.now() >= until || !waitsFor(holder);
        if (outcome === "held" && givesUp) throw new LockHeldError(file, holder);
      } catch (error) {
        closeSync(descriptor);
        throw error;
      }
      closeSync(descriptor);
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, pauseMs);
    }
  }

  /**
   * Whether another open file holds the lock, and which process opened it.
   *
   * @returns undefined when the lock is free.
   * @throws as {@link acquire}
   */
  static heldBy(file: string): { readonly holder: LockHolder | undefined } | undefined {
    let descriptor: number;
    try {
      descriptor = openPlainFile(file, constants.O_RDONLY);
    } catch (error) {
      if (isFileError(error, "ENOENT")) return undefined;
      throw error;
    }
    try {
      // The lock was released. Probing it now could make a process fail that acquires it at this moment.
      if (fstatSync(descriptor).size === 0) return undefined;
      const outcome = tryKernelLock(descriptor, "shared");
      const holder = readHolder(descriptor);
      if (outcome === "unsupported") return holder !== undefined && isAlive(holder) ? { holder } : undefined;
      return outcome === "held" ? { holder } : undefined;
    } finally {
      closeSync(descriptor);
    }
  }

  /** Releases the lock. */
  [Symbol.dispose](): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    try {
      ftruncateSync(this.descriptor);
      if (this.#removesFile && isSameFile(this.#file, this.descriptor)) unlinkSync(this.#file);
    } finally {
      closeSync(this.descriptor);
    }
  }

  /** Leaves the lock to the processes that inherited {@link descriptor}. It is released when the last of them ends. */
  leaveToInheritors(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    // Without locks, the name of this process in the file would prevent its next acquisition.
    if (!this.isSupported) ftruncateSync(this.descriptor);
    closeSync(this.descriptor);
  }
}

/** Whether a path still names an open file. */
function isSameFile(file: string, descriptor: number): boolean {
  const [there, open] = [statSync(file, { throwIfNoEntry: false }), fstatSync(descriptor)];
  return there?.ino === open.ino && there.dev === open.dev;
}

/** Without locks, the process that the file names counts as the holder while it is alive. */
function outcomeOf(descriptor: number, tryLock: NonNullable<FileLockOptions["tryLock"]>): LockOutcome {
  const outcome = tryLock(descriptor, "exclusive");
  if (outcome !== "unsupported") return outcome;
  const holder = readHolder(descriptor);
  return holder !== undefined && isAlive(holder) ? "held" : "unsupported";
}

/** Opens the file, and creates a missing one; a file that root creates belongs to the owner of its folder. */
function openLockFile(file: string): number {
  const descriptor = openPlainFile(file, constants.O_RDWR | constants.O_CREAT);
  try {
    chownLike(descriptor, dirname(file));
    return descriptor;
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
}

/** Refuses links and files with several names: an account that can write to the folder could redirect them to another file. */
function openPlainFile(file: string, flags: number): number {
  let descriptor: number;
  try {
    // O_NONBLOCK: opening a pipe must not block.
    descriptor = openSync(file, flags | constants.O_NOFOLLOW | constants.O_NONBLOCK, 0o600);
  } catch (error) {
    if (isFileError(error, "ELOOP")) throw new Error(`${file} is a link. Remove it`, { cause: error });
    if (isFileError(error, "EISDIR")) throw new Error(`${file} is a folder. Remove it`, { cause: error });
    throw error;
  }
  const stat = fstatSync(descriptor);
  if (stat.isFile() && stat.nlink <= 1) return descriptor;
  closeSync(descriptor);
  throw new Error(`${file} is ${stat.isFile() ? "a file with more than one name" : "not a plain file"}. Remove it`);
}

function writeHolder(descriptor: number): void {
  ftruncateSync(descriptor);
  writeSync(descriptor, `${JSON.stringify(thisProcess())}\n`, 0);
}

function readHolder(descriptor: number): LockHolder | undefined {
  const buffer = Buffer.alloc(maxHolderBytes);
  try {
    return parseHolder(buffer.toString("utf8", 0, readSync(descriptor, buffer, 0, maxHolderBytes, 0)));
  } catch {
    // Some network file systems refuse to read a file that another process has locked.
    return undefined;
  }
}
