import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";

/** A running `tokenCommands.ts` that answers each line with a line. */
export interface TokenProcess {
  readonly ended: Promise<unknown>;
  /** The next line that it prints. */
  next(): Promise<string>;
  /** Sends it a line, and returns the next line that it prints. */
  ask(line: string): Promise<string>;
}

/** Starts `tokenCommands.ts` in a separate process with a limit of open files. */
export function startTokenProcess(args: readonly string[], { maxFiles }: { readonly maxFiles: number }): TokenProcess {
  const script = join(import.meta.dirname, "tokenCommands.ts");
  const child = spawn(
    "sh",
    ["-c", `ulimit -n ${maxFiles}; exec "$@"`, "sh", process.execPath, "--conditions=@peek/source", script, ...args],
    { stdio: ["pipe", "pipe", "inherit"], env: { ...process.env, NODE_OPTIONS: "" } },
  );
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const next = async (): Promise<string> => {
    const { value, done } = await lines.next();
    if (done === true) throw new Error("It has ended.");
    return value;
  };
  return {
    ended: once(child, "close"),
    next,
    ask: async (line) => {
      child.stdin.write(`${line}\n`);
      return await next();
    },
  };
}

/** Runs `tokenCommands.ts` in a separate process, and returns its output. */
export async function runTokenProcess(args: readonly string[], uid?: number): Promise<string> {
  const child = spawn(
    process.execPath,
    ["--conditions=@peek/source", join(import.meta.dirname, "tokenCommands.ts"), ...args],
    {
      stdio: ["ignore", "pipe", "inherit"],
      env: { ...process.env, NODE_OPTIONS: "" },
      ...(uid !== undefined && { uid, gid: uid }),
    },
  );
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => {
    output += chunk.toString();
  });
  await once(child, "close");
  if (child.exitCode !== 0) throw new Error(`It ended with ${child.exitCode}:\n${output}`);
  return output.trim();
}
