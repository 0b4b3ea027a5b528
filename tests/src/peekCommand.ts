import { join } from "node:path";
import { runToEnd } from "./RunningProcess.ts";
import { workspaceDir } from "./workspace.ts";

/** The result of the command `peek`. */
export interface CommandResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the built command `peek` to its end. */
export async function peek(base: string, ...args: readonly string[]): Promise<CommandResult> {
  const command = join(workspaceDir, "packages", "cli", "bin", "peek");
  const { ending, stdout, stderr } = await runToEnd(command, { args, env: { PEEK_HOME: base } });
  return { code: ending.code, stdout, stderr };
}
