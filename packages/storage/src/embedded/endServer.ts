import { kill } from "node:process";
import type { Logger } from "@peek/plugin-base";

interface Step {
  readonly signal: "SIGINT" | "SIGQUIT" | "SIGKILL";
  /** How long the process may take to end by it; milliseconds. */
  readonly waitMs: number;
  /** What the signal asks for. */
  readonly title: string;
}

/** From what loses nothing and needs no recovery to what always works. Nothing committed is lost by any of them. */
const steps: readonly Step[] = [
  { signal: "SIGINT", waitMs: 30_000, title: "shut down" },
  { signal: "SIGQUIT", waitMs: 5000, title: "shut down at once" },
  { signal: "SIGKILL", waitMs: 5000, title: "be killed" },
];

/**
 * Ends a server, kindly first.
 *
 * @param ends Waits for the process to be gone, no longer than so many milliseconds, and says whether it is.
 * @returns Whether it is gone.
 */
export async function endServer(pid: number, ends: (ms: number) => Promise<boolean>, logger: Logger): Promise<boolean> {
  for (const { signal, waitMs, title } of steps) {
    if (!send(pid, signal)) return true;
    if (await ends(waitMs)) return true;
    logger.warning(
      "The embedded PostgreSQL, process %d, was told to %s and has not ended in %d s",
      pid,
      title,
      waitMs / 1000,
    );
  }
  return false;
}

/** Whether there was a process to send it to. */
function send(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return kill(pid, signal);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ESRCH") return false;
    throw error;
  }
}
