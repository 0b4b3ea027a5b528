import { format } from "node:util";
import type { Logger } from "@peek/plugin-base";
import { printableLines } from "./printable.ts";

const ignore = (): void => undefined;

/** Prints warnings on standard error. The command itself prints its results, and its errors at the end. */
export const commandLogger: Logger = {
  debug: ignore,
  info: ignore,
  warning: print,
  error: ignore,
  critical: ignore,
  isLevelEnabled: (level) => level === "warning",
};

function print(first: unknown, ...rest: readonly unknown[]): void {
  const text = typeof first === "string" ? format(first, ...rest) : format(...rest);
  console.error(printableLines(`peek: ${text}`));
}
