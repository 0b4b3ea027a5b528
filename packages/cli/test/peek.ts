import { vi } from "vitest";
import { runCommandLine } from "../src/runCommandLine.ts";

/** The exit code and the output of a command, whose last line has no end. */
export interface Answer {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `peek` in this process, on what PEEK_HOME is. */
export async function peek(...args: readonly string[]): Promise<Answer> {
  const lines = { log: [] as string[], error: [] as string[] };
  const spies = (["log", "error"] as const).map((method) =>
    vi.spyOn(console, method).mockImplementation((line: unknown) => void lines[method].push(String(line))),
  );
  const out = vi.spyOn(process.stdout, "write").mockImplementation((text) => lines.log.push(String(text)) > 0);
  const err = vi.spyOn(process.stderr, "write").mockImplementation((text) => lines.error.push(String(text)) > 0);
  try {
    const code = await runCommandLine(["node", "peek", ...args]);
    return { code, stdout: lines.log.join("\n"), stderr: lines.error.join("\n") };
  } finally {
    for (const spy of [...spies, out, err]) spy.mockRestore();
  }
}
