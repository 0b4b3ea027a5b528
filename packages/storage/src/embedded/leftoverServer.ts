import { spawnSync } from "node:child_process";
import { readFileSync, readlinkSync, realpathSync, rmSync } from "node:fs";
import { basename } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { FileLock, LockHeldError, titleOf } from "@peek/config";
import { PeekError } from "@peek/errors";
import type { Logger } from "@peek/plugin-base";
import type { EmbeddedLayout } from "./EmbeddedLayout.ts";
import { endServer } from "./endServer.ts";
import { postmasterFile, readPostmasterFile } from "./PostmasterFile.ts";

const lookEveryMs = 20;
const tellAfterMs = 1000;
const tellEveryMs = 10_000;
/** How long a server that cannot be ended from here may take to end; it ends when its service has. */
const endsWithinMs = 60_000;

/**
 * Sees to it that no server works on the folder, and none seems to: ends one that a killed service left behind, waits for
 * one that cannot be seen from here, in another container perhaps, and removes what is left of one that is gone.
 * PostgreSQL would take any process that has got its id for it, and cannot see those of other containers.
 *
 * @returns The folder's lock. A server keeps it when it inherits it.
 * @throws PeekError `STORAGE_EMBEDDED_FAILED` when the server does not end; the signal's reason; Error of `node:fs`
 */
export async function takeDataFolder(layout: EmbeddedLayout, logger: Logger, signal: AbortSignal): Promise<FileLock> {
  const { dataDir } = layout;
  const found = readPostmasterFile(dataDir);
  if (found !== undefined && isServerOn(found.pid, dataDir)) await end(found.pid, layout, logger);
  const lock = await lockWhenFree(layout, logger, signal);
  try {
    rmSync(postmasterFile(dataDir), { force: true });
    // The socket has a file like that of its own.
    rmSync(`${layout.socketFile}.lock`, { force: true });
    rmSync(layout.socketFile, { force: true });
    return lock;
  } catch (error) {
    lock[Symbol.dispose]();
    throw error;
  }
}

async function lockWhenFree(layout: EmbeddedLayout, logger: Logger, signal: AbortSignal): Promise<FileLock> {
  const began = performance.now();
  for (let tellAt = began + tellAfterMs; ;) {
    const lock = tryLock(layout);
    if (lock instanceof FileLock) return lock;
    const now = performance.now();
    if (now - began > endsWithinMs) throw stillWorks(layout, lock);
    if (now >= tellAt) {
      logger.warning(
        "A PostgreSQL server still works on %s, started by %s; the start waits for its end",
        layout.dataDir,
        titleOf(lock.holder),
      );
      tellAt = now + tellEveryMs;
    }
    await delay(lookEveryMs, undefined, { signal });
  }
}

function tryLock({ lockFile }: EmbeddedLayout): FileLock | LockHeldError {
  try {
    return FileLock.acquire(lockFile);
  } catch (error) {
    if (error instanceof LockHeldError) return error;
    throw error;
  }
}

function stillWorks({ dataDir, lockFile }: EmbeddedLayout, { holder }: LockHeldError): PeekError {
  return new PeekError(
    "STORAGE_EMBEDDED_FAILED",
    `A PostgreSQL server still works on ${dataDir} and cannot be ended from here: ${titleOf(holder)} started it, and it has ${lockFile} locked. Stop the service or container that it belongs to. Do not remove files.`,
    { fields: { dir: dataDir, pid: holder?.pid, host: holder?.host } },
  );
}

async function end(pid: number, layout: EmbeddedLayout, logger: Logger): Promise<void> {
  logger.warning("A server that was left running on %s, process %d, is ended", layout.dataDir, pid);
  const ended = await endServer(pid, (ms) => isGoneWithin(pid, ms), logger);
  if (ended) return;
  throw new PeekError(
    "STORAGE_EMBEDDED_FAILED",
    `Process ${pid}, a server that was left running on ${layout.dataDir}, cannot be ended. End it, or restart the machine.`,
    { fields: { pid, dir: layout.dataDir } },
  );
}

/** Whether a process is a PostgreSQL server that works on a data folder. */
function isServerOn(pid: number, dataDir: string): boolean {
  if (process.platform === "linux") return isLinuxServerOn(pid, dataDir);
  const { stdout } = spawnSync("ps", ["-o", "command=", "-p", String(pid)], { encoding: "utf8" });
  return /\bpostgres\b/.test(stdout) && stdout.includes(dataDir);
}

/** A server works in its data folder, however that was named to it. */
function isLinuxServerOn(pid: number, dataDir: string): boolean {
  try {
    // An upgrade may have removed the program under it.
    const program = basename(readlinkSync(`/proc/${pid}/exe`).replace(/ \(deleted\)$/, ""));
    return program === "postgres" && readlinkSync(`/proc/${pid}/cwd`) === realpathSync(dataDir);
  } catch {
    // It is gone, or another account's, or in another container: then its lock is waited for.
    return false;
  }
}

async function isGoneWithin(pid: number, ms: number): Promise<boolean> {
  const until = performance.now() + ms;
  while (isThere(pid)) {
    if (performance.now() > until) return false;
    await delay(20);
  }
  return true;
}

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  return !hasEnded(pid);
}

/** Whether a process is over and only its parent has not heard of it; in a container that may last for ever. */
function hasEnded(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).startsWith("Z");
  } catch {
    // No such system, where the process's id has to do.
    return false;
  }
}
