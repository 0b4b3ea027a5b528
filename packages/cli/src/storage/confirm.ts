import { createInterface } from "node:readline/promises";
import { PeekError } from "@peek/errors";

/**
 * Asks the user at the terminal for confirmation.
 *
 * @param yes Whether the user has confirmed on the command line.
 * @throws PeekError `USAGE` without a terminal.
 */
export async function confirm(question: string, yes: boolean): Promise<boolean> {
  if (yes) return true;
  if (!process.stdin.isTTY || !process.stdout.isTTY) {
    throw new PeekError("USAGE", `${question} There is no terminal for the confirmation: add --yes to confirm.`);
  }
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  const given = new AbortController();
  // Ctrl-C and Ctrl-D mean no.
  terminal.once("close", () => given.abort());
  try {
    return /^y(es)?$/i.test((await terminal.question(`${question} [y/N] `, { signal: given.signal })).trim());
  } catch (error) {
    if (given.signal.aborted) return false;
    throw error;
  } finally {
    terminal.close();
  }
}
