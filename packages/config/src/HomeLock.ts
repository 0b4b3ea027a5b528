import { closeSync, linkSync, openSync, readFileSync, unlinkSync, writeSync } from "node:fs";
import { hostname } from "node:os";
import { messageOf, PeekError } from "@peek/errors";
import { z } from "zod";
import type { ServiceHome } from "./ServiceHome.ts";

const holderSchema = z.object({
  pid: z.int().positive(),
  /** When the process began, as the kernel counts it: tells it from a later one that got the same id. */
  startTime: z.string(),
  host: z.string(),
  since: z.string(),
});

/** The process that holds a {@link HomeLock}. */
export type HomeLockHolder = z.infer<typeof holderSchema>;

/**
 * Keeps two processes from running on one home. A file that names its process; the file of one that is gone, killed
 * perhaps, is no obstacle to the next.
 */
export class HomeLock implements Disposable {
  readonly #file: string;
  readonly #content: string;

  private constructor(file: string, content: string) {
    this.#file = file;
    this.#content = content;
  }

  /**
   * Takes the lock.
   *
   * @throws PeekError `HOME_LOCKED` with the other process's id when it is held.
   * @throws PeekError `HOME_UNUSABLE` when the home cannot be written.
   */
  static acquire(home: ServiceHome): HomeLock {
    const content = `${JSON.stringify(thisProcess())}\n`;
    const draft = `${home.lockFile}.${process.pid}`;
    try {
      writeDraft(draft, content);
      try {
        // Linking is atomic and fails when the name is taken, and the file is whole from its first moment.
        take(home.lockFile, draft, (holder) => {
          throw locked(home, holder);
        });
      } finally {
        unlinkSync(draft);
      }
    } catch (cause) {
      if (PeekError.is(cause)) throw cause;
      throw new PeekError(
        "HOME_UNUSABLE",
        `The service's home ${home.dir} cannot be written: ${messageOf(cause)}. Give it to the account that runs the service.`,
        { cause, fields: { home: home.dir } },
      );
    }
    return new HomeLock(home.lockFile, content);
  }

  /** Gives the lock back. Does nothing when it is no longer this one's. */
  [Symbol.dispose](): void {
    if (readIfPresent(this.#file) === this.#content) unlinkSync(this.#file);
  }
}

/** The process that runs on a home, if there is one. */
export function homeLockHolder(home: ServiceHome): HomeLockHolder | undefined {
  const content = readIfPresent(home.lockFile);
  const holder = content === undefined ? undefined : parseHolder(content);
  return holder !== undefined && isAlive(holder) ? holder : undefined;
}

/** Gives a file that is being written its final name, once no living process has one of that name. */
function take(file: string, draft: string, onHeld: (holder: HomeLockHolder) => void): void {
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

function locked(home: ServiceHome, holder: HomeLockHolder): PeekError {
  return new PeekError(
    "HOME_LOCKED",
    `Process ${holder.pid} has been running on ${home.dir} since ${holder.since}. Stop it first (kill ${holder.pid}), or give this one a home of its own with PEEK_HOME.`,
    { fields: { pid: holder.pid, home: home.dir } },
  );
}

/** A millisecond: what the other has to do takes less. */
function pause(): void {
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

function parseHolder(content: string): HomeLockHolder | undefined {
  try {
    return holderSchema.safeParse(JSON.parse(content)).data;
  } catch {
    // A file that this code did not write whole (a disk that was full, a hand) names no process.
    return undefined;
  }
}

function thisProcess(): HomeLockHolder {
  return {
    pid: process.pid,
    startTime: startTimeOf(process.pid) ?? "",
    host: hostname(),
    since: new Date().toISOString(),
  };
}

function isAlive(holder: HomeLockHolder): boolean {
  // Another machine's processes cannot be seen from here (a home on a network share, a container that is gone): the
  // lock then protects nobody, and must not keep the service from starting for ever.
  if (holder.host !== hostname()) return false;
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    // EPERM: it is there, and another account's.
    if (!hasCode(error, "EPERM")) return false;
  }
  const startTime = startTimeOf(holder.pid);
  return startTime === undefined || holder.startTime === "" || startTime === holder.startTime;
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
