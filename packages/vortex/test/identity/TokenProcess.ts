import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

/** Runs `tokenCommands.ts` in a process of its own, as another program on the machine would, and gives what it prints. */
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
