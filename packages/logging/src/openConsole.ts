import { constants, fstatSync, openSync } from "node:fs";
import { isatty } from "node:tty";

/**
 * Opens standard output as a non-blocking descriptor, where the system allows it. A file is written directly.
 */
export function openConsole(): number {
  try {
    // A separate open file description: other programs that share the terminal would otherwise get a non-blocking terminal.
    if (isatty(1)) return openSync("/proc/self/fd/1", constants.O_WRONLY | constants.O_NOCTTY | constants.O_NONBLOCK);
    // Node makes a pipe or socket non-blocking when it creates its stream.
    if (!fstatSync(1).isFile()) void process.stdout;
  } catch {
    // It is closed, or belongs to another account, or there is no /proc: it is used unchanged.
  }
  return 1;
}
