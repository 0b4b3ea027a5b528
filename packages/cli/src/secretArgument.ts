import { createInterface } from "node:readline";
import { PeekError } from "@peek/errors";

/**
 * An argument that may contain a password; for `-`, the first line of standard input: other accounts on the machine can see
 * command lines.
 *
 * @throws PeekError `USAGE` for a text that is not UTF-8.
 */
export async function secretArgument(text: string): Promise<string> {
  const given = text === "-" ? await firstLine() : text;
  // Node replaces bytes that are not UTF-8 with this character: the original text is lost.
  if (!given.includes("\uFFFD")) return given;
  const what = text === "-" ? "Standard input" : "The argument";
  throw new PeekError("USAGE", `${what} is not UTF-8. Use a terminal and files in UTF-8. Nothing was changed.`);
}

async function firstLine(): Promise<string> {
  try {
    // Not readFileSync(0): it waits for the end of the input, which a person at a terminal does not send, and fails when a
    // pipe has no data yet.
    for await (const line of createInterface({ input: process.stdin })) return line;
    return "";
  } finally {
    // The writer of a pipe may keep it open. At a terminal, a question may follow.
    if (!process.stdin.isTTY) process.stdin.destroy();
  }
}
