import { createInterface } from "node:readline/promises";
import { PeekError } from "@peek/errors";

/**
 * Asks whoever sits at the terminal.
 *
 * @param yes Whether that has been answered on the command line.
 * @throws PeekError `USAGE` where there is no terminal to ask at.
 */
export async function confirm(question: string, yes: boolean): Promise<boolean> {
  if (yes) return true;
  if (!process.stdin.isTTY || !process.stdout.isTTY) {
    throw new PeekError("USAGE", `${question} There is no terminal to ask at: add --yes to say so.`);
  }
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  const given = new AbortController();
  // Ctrl-C and Ctrl-D say no.
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
