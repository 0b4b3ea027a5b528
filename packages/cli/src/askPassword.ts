import { createInterface } from "node:readline";
import { Writable } from "node:stream";
import { PeekError } from "@peek/errors";
import { secretArgument } from "./secretArgument.ts";

/**
 * Asks for a new password: at a terminal twice and without echo; otherwise it is the first line of standard input.
 *
 * @throws PeekError `USAGE` when the two passwords differ, or none was given.
 */
export async function askNewPassword(name: string): Promise<string> {
  if (!process.stdin.isTTY) return await secretArgument("-");
  const [password = "", again] = await askWithoutEcho([`Password for ${name}: `, "Once more: "]);
  if (again === password) return password;
  throw new PeekError("USAGE", "The two passwords differ. Nothing was changed.");
}

async function askWithoutEcho(questions: readonly string[]): Promise<readonly string[]> {
  // Line editing works as usual; its output is discarded.
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  // One interface for all questions: a user may paste several lines at once.
  const terminal = createInterface({ input: process.stdin, output: nowhere, terminal: true });
  const lines = terminal[Symbol.asyncIterator]();
  const answers: string[] = [];
  try {
    for (const question of questions) {
      process.stderr.write(question);
      const answer = await lines.next();
      process.stderr.write("\n");
      // Ctrl-C and Ctrl-D.
      if (answer.done === true) throw new PeekError("USAGE", "No password was given. Nothing was changed.");
      answers.push(answer.value);
    }
    return answers;
  } finally {
    terminal.close();
  }
}
