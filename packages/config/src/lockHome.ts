import { messageOf, PeekError } from "@peek/errors";
import { FileLock } from "./FileLock.ts";
import type { LockHolder } from "./lockHolder.ts";
import type { ServiceHome } from "./ServiceHome.ts";

/**
 * Keeps a second process from running on a home.
 *
 * @throws PeekError `HOME_LOCKED` with the other process's id when it is held.
 * @throws PeekError `HOME_UNUSABLE` when the home cannot be written.
 */
export function lockHome(home: ServiceHome): FileLock {
  try {
    return FileLock.acquire(home.lockFile, (holder) => {
      throw locked(home, holder);
    });
  } catch (cause) {
    if (PeekError.is(cause)) throw cause;
    throw new PeekError(
      "HOME_UNUSABLE",
      `The service's home ${home.dir} cannot be written: ${messageOf(cause)}. Give it to the account that runs the service.`,
      { cause, fields: { home: home.dir } },
    );
  }
}

/** The process that runs on a home, if there is one. */
export function homeLockHolder(home: ServiceHome): LockHolder | undefined {
  return FileLock.holder(home.lockFile);
}

function locked(home: ServiceHome, holder: LockHolder): PeekError {
  return new PeekError(
    "HOME_LOCKED",
    `Process ${holder.pid} has been running on ${home.dir} since ${holder.since}. Stop it first (kill ${holder.pid}), or give this one a home of its own with PEEK_HOME.`,
    { fields: { pid: holder.pid, home: home.dir } },
  );
}
