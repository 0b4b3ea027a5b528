import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { z } from "zod";
import { workspaceDir } from "./workspace.ts";

const textsSchema = z.array(z.string());

/** What every command prints for --help. */
export function commandHelp(): string {
  const service = run("services/logic/src/main.ts", ["--help"]);
  return [...peekCommands(), section("run_peek_logic_service", service)].join("\n\n");
}

/** `peek`, and all commands below it. */
function peekCommands(): readonly string[] {
  const found = new Map<string, string>();
  let level: readonly (readonly string[])[] = [[]];
  while (level.length > 0) {
    const texts = textsSchema.parse(JSON.parse(run("docs/generator/peekHelp.ts", [JSON.stringify(level)])));
    level = level.flatMap((words, index) => {
      const text = texts[index] ?? "";
      found.set(["peek", ...words].join(" "), text);
      return subcommandsIn(text).map((name) => [...words, name]);
    });
  }
  return inOrder("peek", found).map((title) => section(title, found.get(title) ?? ""));
}

/** A command, and after it those below it, in the order of its help. */
function inOrder(title: string, found: ReadonlyMap<string, string>): readonly string[] {
  const below = subcommandsIn(found.get(title) ?? "").flatMap((name) => inOrder(`${title} ${name}`, found));
  return [title, ...below];
}

function section(title: string, text: string): string {
  return `### ${title}\n\n\`\`\`text\n${text.trimEnd()}\n\`\`\``;
}

/** The names in the list of commands, which commander sets in by two. */
function subcommandsIn(text: string): readonly string[] {
  const list = text.split("\nCommands:\n")[1]?.split("\n\n")[0] ?? "";
  return [...list.matchAll(/^ {2}([a-z]\S*)/gm)].flatMap(([, name]) =>
    name === undefined || name === "help" ? [] : [name],
  );
}

function run(program: string, words: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ["--conditions=@peek/source", join(workspaceDir, program), ...words],
    // A home as a reader has it, not this machine's; --help makes none.
    { encoding: "utf8", env: { PEEK_HOME: "/home/peek", NO_COLOR: "1" } },
  );
  if (status !== 0) throw new Error(`${program} ${words.join(" ")} ended with ${status}:\n${stderr}`);
  return stdout;
}
