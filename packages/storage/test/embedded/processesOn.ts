import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { readPostmasterFile } from "../../src/embedded/PostmasterFile.ts";

/** The processes whose working directory is a server's data folder. */
export function processesOn(dir: string): readonly number[] {
  return pids().filter((pid) => workFolder(pid) === join(dir, "data"));
}

/** The process id that a folder's server has written. */
export function serverPid(dir: string): number {
  const found = readPostmasterFile(join(dir, "data"));
  if (found === undefined) throw new Error(`No server on ${dir}`);
  return found.pid;
}

/** The watchdog shells of a server. */
export function watchdogsOf(pid: number): readonly number[] {
  return pids().filter((candidate) => {
    const words = commandLine(candidate);
    return words.some((word) => word.includes("kill -INT")) && words.at(-2) === String(pid);
  });
}

function pids(): readonly number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

function workFolder(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return undefined;
  }
}

function commandLine(pid: number): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
  } catch {
    return [];
  }
}
