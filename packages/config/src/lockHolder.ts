import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import { z } from "zod";
import { withoutJit } from "./withoutJit.ts";
import { isFileError } from "./isFileError.ts";

const holderSchema = z.object({
  pid: z.int().positive(),
  /** When the process began, as the kernel counts it: tells it from a later one that got the same id. */
  startTime: z.string(),
  host: z.string(),
  since: z.string(),
});

/** The process that holds a lock. */
export type LockHolder = z.infer<typeof holderSchema>;

/** The process, as a sentence names it. What is not seen from here has its number in another container or machine. */
export function titleOf(holder: LockHolder | undefined): string {
  if (holder === undefined) return "a process that the file does not name";
  return isAlive(holder) ? `process ${holder.pid}` : `process ${holder.pid} of the machine or container ${holder.host}`;
}

/** What to do about it, as a sentence without its end. */
export function howToStop(holder: LockHolder | undefined): string {
  if (holder === undefined) return "Stop it first";
  return isAlive(holder) ? `Stop it first (kill ${holder.pid})` : "Stop it there first";
}

/** What a lock file says, or undefined when it names no process. */
export function parseHolder(content: string): LockHolder | undefined {
  try {
    return holderSchema.safeParse(JSON.parse(content), withoutJit).data;
  } catch {
    // A file that this code did not write whole (a disk that was full, a hand) names no process.
    return undefined;
  }
}

/** This process, as a lock file names it. */
export function thisProcess(): LockHolder {
  return {
    pid: process.pid,
    startTime: startTimeOf(process.pid) ?? "",
    host: hostname(),
    since: new Date().toISOString(),
  };
}

/** Whether the process that a lock file names is there, and can be seen: not in another PID namespace, or machine. */
export function isAlive(holder: LockHolder): boolean {
  const here = holder.startTime === "" ? undefined : startTimeOf(process.pid);
  // Another machine's processes, or those before a restart, cannot be seen from here.
  if (here === undefined ? holder.host !== hostname() : bootOf(holder.startTime) !== bootOf(here)) return false;
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    // EPERM: it is there, and another account's.
    if (!isFileError(error, "EPERM")) return false;
  }
  const startTime = startTimeOf(holder.pid);
  return startTime === undefined || holder.startTime === "" || startTime === holder.startTime;
}

/** What names the running kernel: the name of the host may change under a service, this does not. */
function bootOf(startTime: string): string | undefined {
  return startTime.split("/")[0];
}

/** What Linux says of a process's beginning; undefined elsewhere, where the process's id has to do. */
function startTimeOf(pid: number): string | undefined {
  try {
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // proc(5): field 22; the second, the command in parentheses, may itself hold spaces and parentheses.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    // A zombie has ended; only its parent has not heard of it yet.
    if (fields[0] === "Z") return "ended";
    return fields[19] === undefined ? undefined : `${boot}/${fields[19]}`;
  } catch {
    return undefined;
  }
}
