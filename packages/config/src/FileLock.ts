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
import { giveToOwnerOf } from "./keepOwner.ts";
import { type LockMode, type LockOutcome, tryKernelLock } from "./kernelLock.ts";
import { isAlive, type LockHolder, parseHolder, thisProcess, titleOf } from "./lockHolder.ts";

const firstPauseMs = 1;
const longestPauseMs = 20;
/** What is read of a file at most, in bytes; what names a process is shorter. */
const longestHolder = 4096;

/** How a lock is asked for. */
export interface FileLockOptions {
  /** How long another process that has it is waited for; milliseconds. The process stands still meanwhile. Default: 0. */
  readonly waitMs?: number;
  /** Whether a process that has it is waited for at all. Default: any is. */
  readonly waitsFor?: (holder: LockHolder | undefined) => boolean;
  /**
   * Whether the file goes when the lock is given back. Not for what must hold on network file systems, where another
   * machine may go on seeing a file that was removed. Default: false.
   */
  readonly removesFile?: boolean;
  /** Asks the system for the lock. Default: {@link tryKernelLock}. */
  readonly tryLock?: (descriptor: number, mode: LockMode) => LockOutcome;
}

/** Another process has the lock. */
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
 * A lock that the kernel keeps on a file, for as long as this process, or one that it hands it to, has the file open: in
 * every container and on every machine that sees the same file. The file also names the process, for people.
 */
export class FileLock implements Disposable {
  /** Whether the file system has locks. Where it has none, only processes of one machine and PID namespace are told apart. */
  readonly isKept: boolean;
  /** The open file. A process that inherits it has the lock too, until it ends. */
  readonly descriptor: number;
  readonly #file: string;
  readonly #removesFile: boolean;
  #isOpen = true;

  private constructor(file: string, descriptor: number, isKept: boolean, removesFile: boolean) {
    this.#file = file;
    this.descriptor = descriptor;
    this.isKept = isKept;
    this.#removesFile = removesFile;
  }

  /**
   * Takes the lock.
   *
   * @throws LockHeldError when another process has it; Error of `node:fs`, or with what is wrong with the file in words.
   */
  static acquire(file: string, options: FileLockOptions = {}): FileLock {
    const { waitMs = 0, waitsFor = () => true, removesFile = false, tryLock = tryKernelLock } = options;
    const until = performance.now() + waitMs;
    for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
      const descriptor = openLockFile(file);
      try {
        const outcome = outcomeOf(descriptor, tryLock);
        // A file that was removed or replaced in between is seen by nobody else.
        if (outcome !== "held" && isAt(file, descriptor)) {
          nameHolder(descriptor);
          return new FileLock(file, descriptor, outcome === "taken", removesFile);
        }
        const holder = holderIn(descriptor);
        const isInVain = performance.now() >= until || !waitsFor(holder);
        if (outcome === "held" && isInVain) throw new LockHeldError(file, holder);
      } catch (error) {
        closeSync(descriptor);
        throw error;
      }
      closeSync(descriptor);
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, pauseMs);
    }
  }

  /**
   * Whether another open file has the lock, and which process opened it.
   *
   * @returns undefined when none has it.
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
      // It was given back: whoever takes it just now is not asked, so that nobody is kept from it by a question.
      if (fstatSync(descriptor).size === 0) return undefined;
      const outcome = tryKernelLock(descriptor, "shared");
      const holder = holderIn(descriptor);
      if (outcome === "unsupported") return holder !== undefined && isAlive(holder) ? { holder } : undefined;
      return outcome === "held" ? { holder } : undefined;
    } finally {
      closeSync(descriptor);
    }
  }

  /** Gives the lock back. */
  [Symbol.dispose](): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    try {
      ftruncateSync(this.descriptor);
      if (this.#removesFile && isAt(this.#file, this.descriptor)) unlinkSync(this.#file);
    } finally {
      closeSync(this.descriptor);
    }
  }

  /** Leaves the lock to the processes that inherited {@link descriptor}. It ends with the last of them. */
  leaveToHeirs(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    // Where there are no locks, the name in the file would keep this process itself from the next.
    if (!this.isKept) ftruncateSync(this.descriptor);
    closeSync(this.descriptor);
  }
}

/** Whether a name still leads to an open file. */
function isAt(file: string, descriptor: number): boolean {
  const [there, open] = [statSync(file, { throwIfNoEntry: false }), fstatSync(descriptor)];
  return there?.ino === open.ino && there.dev === open.dev;
}

/** Where there are no locks, the process that the file names has to do. */
function outcomeOf(descriptor: number, tryLock: NonNullable<FileLockOptions["tryLock"]>): LockOutcome {
  const outcome = tryLock(descriptor, "exclusive");
  if (outcome !== "unsupported") return outcome;
  const holder = holderIn(descriptor);
  return holder !== undefined && isAlive(holder) ? "held" : "unsupported";
}

/** Opens the file, made where it is missing; root leaves it to the owner of its folder. */
function openLockFile(file: string): number {
  const descriptor = openPlainFile(file, constants.O_RDWR | constants.O_CREAT);
  try {
    giveToOwnerOf(descriptor, dirname(file));
    return descriptor;
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
}

/** Never through a link, and no file that has another name too: whoever may write in the folder could mean another. */
function openPlainFile(file: string, flags: number): number {
  let descriptor: number;
  try {
    // Not to wait, should it be a pipe.
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

function nameHolder(descriptor: number): void {
  ftruncateSync(descriptor);
  writeSync(descriptor, `${JSON.stringify(thisProcess())}\n`, 0);
}

function holderIn(descriptor: number): LockHolder | undefined {
  const buffer = Buffer.alloc(longestHolder);
  try {
    return parseHolder(buffer.toString("utf8", 0, readSync(descriptor, buffer, 0, longestHolder, 0)));
  } catch {
    // Some network file systems let nobody read what another has locked.
    return undefined;
  }
}
