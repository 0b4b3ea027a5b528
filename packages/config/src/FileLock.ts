import { closeSync, linkSync, openSync, readFileSync, unlinkSync, writeSync } from "node:fs";
import { isAlive, type LockHolder, parseHolder, thisProcess } from "./lockHolder.ts";

/**
 * A file that names the process which may do something, and keeps others from it. The file of a process that is gone,
 * killed perhaps, is no obstacle to the next.
 */
export class FileLock implements Disposable {
  readonly #file: string;
  readonly #content: string;

  private constructor(file: string, content: string) {
    this.#file = file;
    this.#content = content;
  }

  /**
   * Takes the lock.
   *
   * @param onHeld Called when a living process has it: throws, or waits a little; it is tried again then.
   * @throws Error of `node:fs`
   */
  static acquire(file: string, onHeld: (holder: LockHolder) => void): FileLock {
    const content = `${JSON.stringify(thisProcess())}\n`;
    const draft = `${file}.${process.pid}`;
    writeDraft(draft, content);
    try {
      take(file, draft, onHeld);
    } finally {
      unlinkSync(draft);
    }
    return new FileLock(file, content);
  }

  /** The process that has the lock, if there is one. */
  static holder(file: string): LockHolder | undefined {
    const content = readIfPresent(file);
    const holder = content === undefined ? undefined : parseHolder(content);
    return holder !== undefined && isAlive(holder) ? holder : undefined;
  }

  /** Gives the lock back. Does nothing when it is no longer this one's. */
  [Symbol.dispose](): void {
    if (readIfPresent(this.#file) === this.#content) unlinkSync(this.#file);
  }
}

/** Gives a file that is being written its final name, once no living process has one of that name. */
function take(file: string, draft: string, onHeld: (holder: LockHolder) => void): void {
  // Linking is atomic and fails when the name is taken, and the file is whole from its first moment.
  while (!tryLink(draft, file)) {
    const content = readIfPresent(file);
    const holder = content === undefined ? undefined : parseHolder(content);
    if (holder !== undefined && isAlive(holder)) onHeld(holder);
    else if (content !== undefined) removeStale(file, content, draft);
  }
}

/**
 * Removes a file that names no living process. Others may have found the same one, and the slower must not remove what
 * the faster has put in its place: only the holder of a lock beside it removes anything. Who is killed meanwhile
 * leaves that one behind, and it is taken over in the same way.
 */
function removeStale(file: string, content: string, draft: string): void {
  const right = `${file}.takeover`;
  take(right, draft, pause);
  try {
    if (readIfPresent(file) === content) unlinkSync(file);
  } finally {
    unlinkSync(right);
  }
}

/** Waits a millisecond, for what takes another process less. */
export function pause(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
}

function writeDraft(draft: string, content: string): void {
  const descriptor = openSync(draft, "w", 0o600);
  try {
    writeSync(descriptor, content);
  } finally {
    closeSync(descriptor);
  }
}

function tryLink(from: string, to: string): boolean {
  return succeedsUnless("EEXIST", () => linkSync(from, to));
}

function succeedsUnless(code: string, action: () => void): boolean {
  try {
    action();
    return true;
  } catch (error) {
    if (hasCode(error, code)) return false;
    throw error;
  }
}

function readIfPresent(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if (hasCode(error, "ENOENT")) return undefined;
    throw error;
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
