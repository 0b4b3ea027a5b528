import { Command } from "commander";
import { applyCommand } from "./applyPlugins.ts";
import { disableCommand } from "./disablePlugin.ts";
import { enableCommand } from "./enablePlugin.ts";
import { historyCommand } from "./pluginHistory.ts";
import { installCommand } from "./installPlugin.ts";
import { listCommand } from "./listPlugins.ts";
import { packCommand } from "./packPlugin.ts";
import { reloadCommand } from "./reloadPlugin.ts";
import { removeCommand } from "./removePlugin.ts";
import { rollbackCommand } from "./rollbackPlugin.ts";
import { upgradeCommand } from "./upgradePlugin.ts";

/** `peek plugin`: the installed plugins, and the services that they are enabled on. */
export function pluginCommand(): Command {
  return new Command("plugin")
    .description("pack, install, upgrade, list, enable, disable and reload plugins")
    .addCommand(listCommand())
    .addCommand(packCommand())
    .addCommand(installCommand())
    .addCommand(upgradeCommand())
    .addCommand(rollbackCommand())
    .addCommand(removeCommand())
    .addCommand(enableCommand())
    .addCommand(disableCommand())
    .addCommand(applyCommand())
    .addCommand(reloadCommand())
    .addCommand(historyCommand());
}
