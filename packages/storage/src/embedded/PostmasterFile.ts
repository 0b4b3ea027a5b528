import { readFileSync } from "node:fs";
import { join } from "node:path";

/** The contents of postmaster.pid, which a running server writes to its data folder. */
export interface PostmasterFile {
  /** The process id. The process may have ended, and another may have got its id. */
  readonly pid: number;
  /** Whether the server accepts connections. */
  readonly ready: boolean;
}

/** The path of postmaster.pid. */
export function postmasterFile(dataDir: string): string {
  return join(dataDir, "postmaster.pid");
}

/** Reads postmaster.pid; undefined when it does not exist, or is not complete yet. */
export function readPostmasterFile(dataDir: string): PostmasterFile | undefined {
  try {
    return parsePostmasterFile(readFileSync(postmasterFile(dataDir), "utf8"));
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}

/** Parses postmaster.pid; undefined when it has no process id. */
export function parsePostmasterFile(content: string): PostmasterFile | undefined {
  const lines = content.split("\n");
  // A server in single-user mode writes its process id as a negative number.
  const pid = Math.abs(Number(lines[0]));
  if (!Number.isSafeInteger(pid) || pid === 0) return undefined;
  return { pid, ready: lines[7]?.trim() === "ready" };
}
