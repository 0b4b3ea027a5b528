import { readFileSync } from "node:fs";

/**
 * An argument as it was given; or, for `-`, the first line of standard input: what may hold a password need not stand
 * on a command line, where others on the machine see it.
 */
export function secretArgument(text: string): string {
  return text === "-" ? (readFileSync(0, "utf8").split(/\r?\n/, 1)[0] ?? "") : text;
}
