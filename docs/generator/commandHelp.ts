import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { workspaceDir } from "./workspace.ts";

/** What every command prints for --help. */
export function commandHelp(): string {
  return [...peekCommands([]), section("run_peek_logic_service", help("services/logic/src/main.ts", []))].join("\n\n");
}

/** `peek` with these words, and all commands below it. */
function peekCommands(words: readonly string[]): readonly string[] {
  const text = help("packages/cli/src/main.ts", words);
  return [
    section(["peek", ...words].join(" "), text),
    ...subcommandsIn(text).flatMap((name) => peekCommands([...words, name])),
  ];
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

function help(program: string, words: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ["--conditions=@peek/source", join(workspaceDir, program), ...words, "--help"],
    // A home as a reader has it, not this machine's; --help makes none.
    { encoding: "utf8", env: { PEEK_HOME: "/home/peek", NO_COLOR: "1" } },
  );
  if (status !== 0) throw new Error(`${program} ${words.join(" ")} --help ended with ${status}:\n${stderr}`);
  return stdout;
}
