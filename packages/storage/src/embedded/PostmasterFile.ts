import { readFileSync } from "node:fs";
import { join } from "node:path";

/** What a running server says of itself in its data folder. */
export interface PostmasterFile {
  /** The process. It may be gone, and another have got its id. */
  readonly pid: number;
  /** Whether it takes connections. */
  readonly ready: boolean;
}

/** The file in which a server names itself. */
export function postmasterFile(dataDir: string): string {
  return join(dataDir, "postmaster.pid");
}

/** What the server on a data folder says of itself; undefined when there is none, or it has not said it whole. */
export function readPostmasterFile(dataDir: string): PostmasterFile | undefined {
  try {
    return parsePostmasterFile(readFileSync(postmasterFile(dataDir), "utf8"));
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}

/** What a server's file says; undefined when it names no process. */
export function parsePostmasterFile(content: string): PostmasterFile | undefined {
  const lines = content.split("\n");
  // One that works without clients, to be given a password, has its number negative.
  const pid = Math.abs(Number(lines[0]));
  if (!Number.isSafeInteger(pid) || pid === 0) return undefined;
  return { pid, ready: lines[7]?.trim() === "ready" };
}
