import { format } from "node:util";
import type { Logger } from "@peek/plugin-base";
import { printableLines } from "./printable.ts";

const ignore = (): void => undefined;

/** Tells of what is odd on standard error. What goes well, the command prints by itself; what fails, it ends with. */
export const commandLogger: Logger = {
  debug: ignore,
  info: ignore,
  warning: tell,
  error: ignore,
  critical: ignore,
  isLevelEnabled: (level) => level === "warning",
};

function tell(first: unknown, ...rest: readonly unknown[]): void {
  const text = typeof first === "string" ? format(first, ...rest) : format(...rest);
  console.error(printableLines(`peek: ${text}`));
}
