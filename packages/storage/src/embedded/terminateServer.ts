import { kill } from "node:process";
import type { Logger } from "@peek/plugin-base";

interface TerminationStep {
  readonly signal: "SIGINT" | "SIGQUIT" | "SIGKILL";
  /** The time in which the process has to end. */
  readonly timeoutMs: number;
  /** The effect of the signal, for messages. */
  readonly title: string;
}

/** From a shutdown that needs no recovery to SIGKILL. None of them loses committed data. */
const steps: readonly TerminationStep[] = [
  { signal: "SIGINT", timeoutMs: 30_000, title: "SIGINT (fast shutdown)" },
  { signal: "SIGQUIT", timeoutMs: 5000, title: "SIGQUIT (immediate shutdown)" },
  { signal: "SIGKILL", timeoutMs: 5000, title: "SIGKILL" },
];

/**
 * Terminates a server, with increasing force.
 *
 * @param endsWithin Waits until the process has ended, at most for the given milliseconds; gives whether it has.
 * @returns Whether it has ended.
 */
export async function terminateServer(
  pid: number,
  endsWithin: (ms: number) => Promise<boolean>,
  logger: Logger,
): Promise<boolean> {
  for (const { signal, timeoutMs, title } of steps) {
    if (!send(pid, signal)) return true;
    if (await endsWithin(timeoutMs)) return true;
    logger.warning(
      "The embedded PostgreSQL, process %d, was sent %s and has not ended within %d s",
      pid,
      title,
      timeoutMs / 1000,
    );
  }
  return false;
}

/** @returns Whether the process exists. */
function send(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return kill(pid, signal);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ESRCH") return false;
    throw error;
  }
}
