import { spawnSync } from "node:child_process";
import { readFileSync, readlinkSync, realpathSync, rmSync } from "node:fs";
import { basename } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { FileLock, LockHeldError, titleOf } from "@peek/config";
import { PeekError } from "@peek/errors";
import type { Logger } from "@peek/plugin-base";
import type { EmbeddedLayout } from "./EmbeddedLayout.ts";
import { terminateServer } from "./terminateServer.ts";
import { postmasterFile, readPostmasterFile } from "./PostmasterFile.ts";

const pollMs = 20;
const logAfterMs = 1000;
const logIntervalMs = 10_000;
/** How long a server may take to end that this process cannot terminate: it ends with its service. */
const lockTimeoutMs = 60_000;

/**
 * Acquires the data folder exclusively: terminates a server that a killed service has left behind, waits for one that
 * this process cannot see, for example in another container, and removes the remains of one that has ended. PostgreSQL's
 * own check is by process id: it confuses any process that has got the same id with a server, and misses those in other
 * containers.
 *
 * @returns The folder's lock. A server process that inherits it keeps it.
 * @throws PeekError `STORAGE_EMBEDDED_FAILED` when the server does not end; the signal's reason; Error of `node:fs`
 */
export async function acquireDataFolder(
  layout: EmbeddedLayout,
  logger: Logger,
  signal: AbortSignal,
): Promise<FileLock> {
  const { dataDir } = layout;
  const found = readPostmasterFile(dataDir);
  if (found !== undefined && isServerOn(found.pid, dataDir)) await terminateLeftover(found.pid, layout, logger);
  const lock = await lockWhenFree(layout, logger, signal);
  try {
    rmSync(postmasterFile(dataDir), { force: true });
    // The socket has such a file too.
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
  for (let logAt = began + logAfterMs; ;) {
    const lock = tryLock(layout);
    if (lock instanceof FileLock) return lock;
    const now = performance.now();
    if (now - began > lockTimeoutMs) throw stillInUse(layout, lock);
    if (now >= logAt) {
      logger.warning(
        "A PostgreSQL server still uses %s, started by %s; waiting until it has ended",
        layout.dataDir,
        titleOf(lock.holder),
      );
      logAt = now + logIntervalMs;
    }
    await delay(pollMs, undefined, { signal });
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

function stillInUse({ dataDir, lockFile }: EmbeddedLayout, { holder }: LockHeldError): PeekError {
  return new PeekError(
    "STORAGE_EMBEDDED_FAILED",
    `A PostgreSQL server still uses ${dataDir}, and this process cannot terminate it: ${titleOf(holder)} has started it, and it holds the lock ${lockFile}. Stop the service or container that it belongs to. Do not remove files.`,
    { fields: { dir: dataDir, pid: holder?.pid, host: holder?.host } },
  );
}

async function terminateLeftover(pid: number, layout: EmbeddedLayout, logger: Logger): Promise<void> {
  logger.warning("Terminating a server that was left running on %s, process %d", layout.dataDir, pid);
  const ended = await terminateServer(pid, (ms) => isGoneWithin(pid, ms), logger);
  if (ended) return;
  throw new PeekError(
    "STORAGE_EMBEDDED_FAILED",
    `Process ${pid}, a server that was left running on ${layout.dataDir}, cannot be terminated. Terminate it, or restart the machine.`,
    { fields: { pid, dir: layout.dataDir } },
  );
}

/** Whether a process is a PostgreSQL server of a data folder. */
function isServerOn(pid: number, dataDir: string): boolean {
  if (process.platform === "linux") return isLinuxServerOn(pid, dataDir);
  const { stdout } = spawnSync("ps", ["-o", "command=", "-p", String(pid)], { encoding: "utf8" });
  return /\bpostgres\b/.test(stdout) && stdout.includes(dataDir);
}

/** The working directory of a server is its data folder, by any path that was given. */
function isLinuxServerOn(pid: number, dataDir: string): boolean {
  try {
    // An upgrade may have deleted the program of a running server.
    const program = basename(readlinkSync(`/proc/${pid}/exe`).replace(/ \(deleted\)$/, ""));
    return program === "postgres" && readlinkSync(`/proc/${pid}/cwd`) === realpathSync(dataDir);
  } catch {
    // The process has ended, or belongs to another account or container: the caller then waits for the lock.
    return false;
  }
}

async function isGoneWithin(pid: number, ms: number): Promise<boolean> {
  const until = performance.now() + ms;
  while (isRunning(pid)) {
    if (performance.now() > until) return false;
    await delay(20);
  }
  return true;
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  return !isZombie(pid);
}

/** Whether a process is a zombie, which in a container may last for ever. */
function isZombie(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).startsWith("Z");
  } catch {
    // Not Linux: only the process id can be checked.
    return false;
  }
}
