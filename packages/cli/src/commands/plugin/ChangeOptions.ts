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
  return command
    .argument("<plugin>", "the plugin, such as peek_plugin_tutorial")
    .addOption(servicesOption())
    .option("-n, --dry-run", "print what would be stopped and started, and try new migrations; change nothing", false)
    .addOption(jsonOption());
}
