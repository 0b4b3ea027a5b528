import { spawn, type StdioOptions } from "node:child_process";
import { once } from "node:events";
import type { Readable } from "node:stream";

/** A program with its arguments and its whole environment. */
export interface ProgramCall {
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Its standard input. Default: empty. */
  readonly input?: string;
  /** A file descriptor that it inherits as its descriptor 3. Default: none. */
  readonly inherits?: number;
}

/** The result of a program. */
export interface ProgramResult {
  /** Its exit code; null when a signal ended it. */
  readonly code: number | null;
  /** Its standard error. */
  readonly errors: string;
}

/**
 * Runs a program to its end, in a session of its own, so that Ctrl-C in a terminal does not reach it.
 *
 * @throws Error of `node:child_process` when it cannot be started.
 */
export async function runProgram(call: ProgramCall): Promise<ProgramResult> {
  const [file = "", ...args] = call.command;
  const inherited = call.inherits === undefined ? [] : [call.inherits];
  const stdio = ["pipe", "ignore", "pipe", ...inherited] satisfies StdioOptions;
  const child = spawn(file, args, { detached: true, env: call.environment, stdio });
  // If a program does not read all of its input, its exit code decides.
  child.stdin?.on("error", () => undefined).end(call.input ?? "");
  const [errors] = await Promise.all([child.stderr === null ? "" : textOf(child.stderr), once(child, "exit")]);
  return { code: child.exitCode, errors };
}

async function textOf(stream: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString("utf8");
}
