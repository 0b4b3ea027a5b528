import { ExitCode, PeekError, toError } from "@peek/errors";
import { Command, CommanderError } from "commander";
import { actionCommand } from "./commands/action.ts";
import { configCommand } from "./commands/config.ts";
import { natsCommand } from "./commands/nats.ts";
import { pluginCommand } from "./commands/plugin/pluginCommand.ts";
import { runCommand } from "./commands/run.ts";
import { statusCommand } from "./commands/status.ts";
import { storageCommand } from "./commands/storage.ts";
import { tasksCommand } from "./commands/tasks.ts";
import { tokenCommand } from "./commands/token.ts";
import { userCommand } from "./commands/user.ts";
import { packageVersion } from "./packageVersion.ts";
import { printableLines } from "./printable.ts";

/**
 * Runs one `peek` command.
 *
 * @param argv As process.argv: the program and its script come first.
 * @returns The exit code.
 */
export async function runCommandLine(argv: readonly string[]): Promise<number> {
  try {
    await program().parseAsync(argv);
    return Number(process.exitCode ?? ExitCode.ok);
  } catch (thrown) {
    return exitCodeOf(thrown);
  }
}

function program(): Command {
  const root = new Command("peek")
    .description("Administers the Peek services on this machine.")
    .version(packageVersion(), "-v, --version", "print the version")
    .addCommand(configCommand())
    .addCommand(natsCommand())
    .addCommand(actionCommand())
    .addCommand(pluginCommand())
    .addCommand(runCommand())
    .addCommand(statusCommand())
    .addCommand(storageCommand())
    .addCommand(tasksCommand())
    .addCommand(tokenCommand())
    .addCommand(userCommand())
    .addHelpText(
      "after",
      "\nEnvironment:\n  PEEK_HOME  the folder that contains the services' homes; default: the account's home folder",
    );
  for (const command of withSubcommands(root)) {
    command.exitOverride().showHelpAfterError("(see --help)").configureHelp({ showGlobalOptions: false });
  }
  return root;
}

function withSubcommands(command: Command): readonly Command[] {
  return [command, ...command.commands.flatMap(withSubcommands)];
}

function exitCodeOf(thrown: unknown): number {
  // Help and version end the parsing too, after commander has printed them.
  if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? ExitCode.ok : ExitCode.usage;
  if (PeekError.is(thrown)) {
    console.error(printableLines(`peek: ${thrown.message}`));
    return thrown.exitCode;
  }
  console.error(toError(thrown).stack);
  return ExitCode.internal;
}
