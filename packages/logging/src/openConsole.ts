import { constants, fstatSync, openSync } from "node:fs";
import { isatty } from "node:tty";

/**
 * Standard output as a descriptor that is written without waiting for whoever reads it, as far as the system allows.
 * A file is written as it is.
 */
export function openConsole(): number {
  try {
    // A terminal of one's own: others that share it would otherwise meet a terminal that does not wait.
    if (isatty(1)) return openSync("/proc/self/fd/1", constants.O_WRONLY | constants.O_NOCTTY | constants.O_NONBLOCK);
    // Node makes a pipe or socket one that does not wait when it makes its stream.
    if (!fstatSync(1).isFile()) void process.stdout;
  } catch {
    // It is closed, or it is another account's, or there is no /proc: as it is, then.
  }
  return 1;
}
