import type { Command } from "commander";
import { jsonOption, servicesOption } from "../../arguments.ts";
import type { ServiceOption } from "./ServiceOption.ts";

/** The options of commands that change a plugin on running services. */
export interface ChangeOptions extends ServiceOption {
  readonly dryRun: boolean;
  readonly json: boolean;
}

/** Adds the argument and the options of a command that changes a plugin. */
export function withChangeOptions(command: Command): Command {
  return withServiceOptions(command.argument("<plugin>", "the plugin, such as peek_plugin_tutorial"));
}

/** Adds the options of a command that changes a plugin. */
export function withServiceOptions(command: Command): Command {
  return command
    .addOption(servicesOption())
    .option(
      "-n, --dry-run",
      "prepare the change, try new migrations, and print what would be changed; change nothing",
      false,
    )
    .addOption(jsonOption());
}
