import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import { z } from "zod";
import { withoutJit } from "./withoutJit.ts";
import { isFileError } from "./isFileError.ts";

const holderSchema = z.object({
  pid: z.int().positive(),
  /** The start time of the process by the kernel: it distinguishes the process from a later one with the same id. */
  startTime: z.string(),
  host: z.string(),
  since: z.string(),
});

/** The process that holds a lock. */
export type LockHolder = z.infer<typeof holderSchema>;

/** The process in words. The id of a process that is not visible here belongs to another container or machine. */
export function titleOf(holder: LockHolder | undefined): string {
  if (holder === undefined) return "an unknown process";
  return isAlive(holder) ? `process ${holder.pid}` : `process ${holder.pid} of the machine or container ${holder.host}`;
}

/** How to stop the process, as the beginning of a sentence. */
export function howToStop(holder: LockHolder | undefined): string {
  if (holder === undefined) return "Stop it first";
  return isAlive(holder) ? `Stop it first (kill ${holder.pid})` : "Stop it there first";
}

/** Parses the content of a lock file; undefined when it does not name a process. */
export function parseHolder(content: string): LockHolder | undefined {
  try {
    return holderSchema.safeParse(JSON.parse(content), withoutJit).data;
  } catch {
    // The file may be incomplete (the disk was full) or edited.
    return undefined;
  }
}

/** Describes this process for a lock file. */
export function thisProcess(): LockHolder {
  return {
    pid: process.pid,
    startTime: startTimeOf(process.pid) ?? "",
    host: hostname(),
    since: new Date().toISOString(),
  };
}

/** Whether the process is running and visible here: not on another machine or in another PID namespace. */
export function isAlive(holder: LockHolder): boolean {
  const here = holder.startTime === "" ? undefined : startTimeOf(process.pid);
  // Processes of another machine, or from before a reboot, are not visible.
  if (here === undefined ? holder.host !== hostname() : bootOf(holder.startTime) !== bootOf(here)) return false;
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    // EPERM: the process is running, under another account.
    if (!isFileError(error, "EPERM")) return false;
  }
  const startTime = startTimeOf(holder.pid);
  return startTime === undefined || holder.startTime === "" || startTime === holder.startTime;
}

/** Identifies the running kernel: the host name may change while a service runs, this does not. */
function bootOf(startTime: string): string | undefined {
  return startTime.split("/")[0];
}

/** The start time of a process on Linux; undefined on other systems, where only the id is compared. */
function startTimeOf(pid: number): string | undefined {
  try {
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // proc(5): field 22; the second field, the command in parentheses, may itself contain spaces and parentheses.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    // A zombie has ended; its parent has not collected it yet.
    if (fields[0] === "Z") return "ended";
    return fields[19] === undefined ? undefined : `${boot}/${fields[19]}`;
  } catch {
    return undefined;
  }
}
