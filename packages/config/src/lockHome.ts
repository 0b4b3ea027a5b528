import { messageOf, PeekError } from "@peek/errors";
import { FileLock, LockHeldError } from "./FileLock.ts";
import { howToStop, isAlive, type LockHolder, titleOf } from "./lockHolder.ts";
import { lockLimitation } from "./lockLimitation.ts";
import type { ServiceHome } from "./ServiceHome.ts";

/**
 * How long to wait while a process holds the lock that the file does not name: a process that only probes the lock holds it for
 * an instant.
 */
const probeMs = 100;

/** The lock of this process on a home. */
export interface HomeLock extends Disposable {
  /** The limitation of the lock on this file system, as a sentence; undefined without one. */
  readonly limit: string | undefined;
}

/** The process that runs on a home. */
export interface HomeHolder {
  /** The process in words: `process 4711`, or `process 7 of the machine or container peek-2`. */
  readonly title: string;
  /** How to stop the process: `Stop it first (kill 4711)`. */
  readonly howToStop: string;
  /** The content of the lock file. */
  readonly process: LockHolder | undefined;
}

/**
 * Locks a home, so that no second process runs on it, also in other containers and on other machines if the file system
 * supports that.
 *
 * @throws PeekError `HOME_LOCKED` with the id of the process that holds the lock.
 * @throws PeekError `HOME_UNUSABLE` when the home cannot be written.
 */
export function lockHome(home: ServiceHome): HomeLock {
  try {
    const lock = FileLock.acquire(home.lockFile, { waitMs: probeMs, waitsFor: (holder) => !isVisible(holder) });
    return { limit: lockLimitation(home.dir, lock.isSupported), [Symbol.dispose]: () => lock[Symbol.dispose]() };
  } catch (cause) {
    if (cause instanceof LockHeldError) throw locked(home, cause.holder);
    throw new PeekError(
      "HOME_UNUSABLE",
      `The service's home ${home.dir} cannot be locked: ${messageOf(cause)}. Make the account that runs the service the owner of it and of all files in it.`,
      { cause, fields: { home: home.dir } },
    );
  }
}

/**
 * The process that runs on a home, if any.
 *
 * @throws Error of `node:fs`
 */
export function homeLockHolder(home: ServiceHome): HomeHolder | undefined {
  const held = FileLock.heldBy(home.lockFile);
  if (held === undefined) return undefined;
  return { title: titleOf(held.holder), howToStop: howToStop(held.holder), process: held.holder };
}

function isVisible(holder: LockHolder | undefined): boolean {
  return holder !== undefined && isAlive(holder);
}

function locked(home: ServiceHome, holder: LockHolder | undefined): PeekError {
  const since = holder === undefined ? "" : ` since ${holder.since}`;
  return new PeekError(
    "HOME_LOCKED",
    `${capitalized(titleOf(holder))} has been running on ${home.dir}${since}. ${howToStop(holder)}, or give this process a different home with PEEK_HOME.`,
    { fields: { pid: holder?.pid, host: holder?.host, home: home.dir } },
  );
}

function capitalized(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;
}
