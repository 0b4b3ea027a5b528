import { messageOf } from "@peek/errors";

/** The exit code of a command that SIGINT has ended, as in shells. */
const interrupted = 130;

/**
 * Runs work that SIGINT or SIGTERM aborts: it can then undo its unfinished step. A second signal ends the process at once.
 */
export async function interruptible(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const controller = new AbortController();
  const { signal } = controller;
  const onSignal = (): void => controller.abort();
  for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, onSignal);
  try {
    await work(signal);
  } catch (error) {
    if (!signal.aborted) throw error;
    console.error(`peek: interrupted: ${messageOf(error)}`);
    process.exitCode = interrupted;
  } finally {
    for (const name of ["SIGINT", "SIGTERM"] as const) process.off(name, onSignal);
  }
}
