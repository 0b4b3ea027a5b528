import { createInterface } from "node:readline";
import { PeekError } from "@peek/errors";

/**
 * An argument as it was given; or, for `-`, the first line of standard input: what may hold a password need not stand
 * on a command line, where others on the machine see it.
 *
 * @throws PeekError `USAGE` for what is not UTF-8.
 */
export async function secretArgument(text: string): Promise<string> {
  const given = text === "-" ? await firstLine() : text;
  // Node puts this character in the place of bytes that are not UTF-8: what was meant is lost.
  if (!given.includes("\uFFFD")) return given;
  const what = text === "-" ? "Standard input" : "The argument";
  throw new PeekError("USAGE", `${what} is not UTF-8. Use a terminal and files in UTF-8. Nothing was changed.`);
}

async function firstLine(): Promise<string> {
  try {
    // Not readFileSync(0): that wants the end of the input, which a person at a terminal does not give, and fails when
    // what is to come through a pipe has not come yet.
    for await (const line of createInterface({ input: process.stdin })) return line;
    return "";
  } finally {
    // Whoever writes into a pipe may keep it open. At a terminal, something may be asked yet.
    if (!process.stdin.isTTY) process.stdin.destroy();
  }
}
