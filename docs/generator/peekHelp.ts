import { argv, stdout } from "node:process";
import { join } from "node:path";
import { z } from "zod";
import { workspaceDir } from "./workspace.ts";

// Prints what some `peek` commands print for --help, as a list in JSON: one process for many takes less time than one each.

const commandLine = z.object({
  runCommandLine: z.function({ input: [z.array(z.string())], output: z.promise(z.number()) }),
});
const { runCommandLine } = commandLine.parse(await import(join(workspaceDir, "packages/cli/src/runCommandLine.ts")));

const commands = z.array(z.array(z.string())).parse(JSON.parse(argv[2] ?? "[]"));
const print = stdout.write.bind(stdout);
const texts: string[] = [];
for (const words of commands) {
  const parts: string[] = [];
  stdout.write = (text: string | Uint8Array) => parts.push(String(text)) > 0;
  const code = await runCommandLine(["node", "peek", ...words, "--help"]);
  stdout.write = print;
  if (code !== 0) throw new Error(`peek ${words.join(" ")} --help ended with ${code}`);
  texts.push(parts.join(""));
}
print(JSON.stringify(texts));
