import { spawnSync } from "node:child_process";
import { readFileSync, readlinkSync, realpathSync, rmSync } from "node:fs";
import { basename } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { PeekError } from "@peek/errors";
import type { Logger } from "@peek/plugin-base";
import type { EmbeddedLayout } from "./EmbeddedLayout.ts";
import { endServer } from "./endServer.ts";
import { postmasterFile, readPostmasterFile } from "./PostmasterFile.ts";

/**
 * Sees to it that no server runs on the folder and none seems to: ends one that a killed service left behind, and
 * removes what one said of itself that is gone. PostgreSQL would take any process that has got its id for it.
 *
 * @throws PeekError `STORAGE_EMBEDDED_FAILED` when the server does not end; Error of `node:fs`
 */
export async function endLeftoverServer(layout: EmbeddedLayout, logger: Logger): Promise<void> {
  const { dataDir } = layout;
  const found = readPostmasterFile(dataDir);
  if (found !== undefined && isServerOn(found.pid, dataDir)) await end(found.pid, layout, logger);
  rmSync(postmasterFile(dataDir), { force: true });
  // The socket has a file like that of its own.
  rmSync(`${layout.socketFile}.lock`, { force: true });
  rmSync(layout.socketFile, { force: true });
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
    // It is gone, or another account's, which cannot have been started by this one.
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
