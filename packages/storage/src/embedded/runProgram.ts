import { spawn, type StdioOptions } from "node:child_process";
import { once } from "node:events";
import type { Readable } from "node:stream";

/** A program with its arguments and all of its environment. */
export interface ProgramCall {
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** What it reads. Default: nothing. */
  readonly input?: string;
  /** A file that it has open too, as its descriptor 3. Default: none. */
  readonly inherits?: number;
}

/** How a program ended. */
export interface ProgramResult {
  /** Its exit code; null when a signal ended it. */
  readonly code: number | null;
  /** What it wrote for people: its standard error. */
  readonly errors: string;
}

/**
 * Runs a program to its end, in a session of its own: what is typed in a terminal is not for it.
 *
 * @throws Error of `node:child_process` when it cannot be started.
 */
export async function runProgram(call: ProgramCall): Promise<ProgramResult> {
  const [file = "", ...args] = call.command;
  const inherited = call.inherits === undefined ? [] : [call.inherits];
  const stdio = ["pipe", "ignore", "pipe", ...inherited] satisfies StdioOptions;
  const child = spawn(file, args, { detached: true, env: call.environment, stdio });
  // A program that does not read its input to the end is judged by its exit code.
  child.stdin?.on("error", () => undefined).end(call.input ?? "");
  const [errors] = await Promise.all([child.stderr === null ? "" : textOf(child.stderr), once(child, "exit")]);
  return { code: child.exitCode, errors };
}

async function textOf(stream: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString("utf8");
}
