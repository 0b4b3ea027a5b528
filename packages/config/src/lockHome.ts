import { messageOf, PeekError } from "@peek/errors";
import { FileLock, LockHeldError } from "./FileLock.ts";
import { howToStop, isAlive, type LockHolder, titleOf } from "./lockHolder.ts";
import { limitOfLocks } from "./limitOfLocks.ts";
import type { ServiceHome } from "./ServiceHome.ts";

/**
 * How long a lock may be another's, that is not the process which the file names, before it is believed: whoever only
 * looks whether it is held has it for an instant; milliseconds.
 */
const glanceMs = 100;

/** A home that is this process's. */
export interface HomeLock extends Disposable {
  /** What the lock does not protect against on this file system, as a sentence; undefined when there is nothing. */
  readonly limit: string | undefined;
}

/** Who runs on a home. */
export interface HomeHolder {
  /** As a sentence names it: `process 4711`, or `process 7 of the machine or container peek-2`. */
  readonly title: string;
  /** What to do before the home can be had: `Stop it first (kill 4711)`. */
  readonly howToStop: string;
  /** What is known of it. */
  readonly process: LockHolder | undefined;
}

/**
 * Keeps a second process from running on a home: in any container, and on any machine, as far as the file system has
 * locks.
 *
 * @throws PeekError `HOME_LOCKED` with the other process's id when it is held.
 * @throws PeekError `HOME_UNUSABLE` when the home cannot be written.
 */
export function lockHome(home: ServiceHome): HomeLock {
  try {
    const lock = FileLock.acquire(home.lockFile, { waitMs: glanceMs, waitsFor: (holder) => !isSeen(holder) });
    return { limit: limitOfLocks(home.dir, lock.isKept), [Symbol.dispose]: () => lock[Symbol.dispose]() };
  } catch (cause) {
    if (cause instanceof LockHeldError) throw locked(home, cause.holder);
    throw new PeekError(
      "HOME_UNUSABLE",
      `The service's home ${home.dir} cannot be locked: ${messageOf(cause)}. Give it, and all in it, to the account that runs the service.`,
      { cause, fields: { home: home.dir } },
    );
  }
}

/**
 * The process that runs on a home, if there is one.
 *
 * @throws Error of `node:fs`
 */
export function homeLockHolder(home: ServiceHome): HomeHolder | undefined {
  const held = FileLock.heldBy(home.lockFile);
  if (held === undefined) return undefined;
  return { title: titleOf(held.holder), howToStop: howToStop(held.holder), process: held.holder };
}

function isSeen(holder: LockHolder | undefined): boolean {
  return holder !== undefined && isAlive(holder);
}

function locked(home: ServiceHome, holder: LockHolder | undefined): PeekError {
  const since = holder === undefined ? "" : ` since ${holder.since}`;
  return new PeekError(
    "HOME_LOCKED",
    `${capitalized(titleOf(holder))} has been running on ${home.dir}${since}. ${howToStop(holder)}, or give this one a home of its own with PEEK_HOME.`,
    { fields: { pid: holder?.pid, host: holder?.host, home: home.dir } },
  );
}

function capitalized(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;
}
