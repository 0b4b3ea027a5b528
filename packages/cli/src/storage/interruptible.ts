import { messageOf } from "@peek/errors";

/** What a shell says of a command that SIGINT has ended. */
const interrupted = 130;

/**
 * Does work that SIGINT or SIGTERM gives up: it then has the time to take back what it was in the middle of. The
 * second signal ends the process at once.
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
