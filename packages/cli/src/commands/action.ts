import { Command } from "commander";
import { jsonOption } from "../arguments.ts";

/** `peek action`: the rejected actions of users. */
export function actionCommand(): Command {
  return new Command("action")
    .description("list and delete dead letters: actions of users that were rejected")
    .addCommand(listCommand())
    .addCommand(deleteCommand());
}

function listCommand(): Command {
  return new Command("list")
    .description("list the dead letters, the newest first; at most 1,000 of each plugin")
    .argument("[plugin]", "only the dead letters of this plugin, which may be uninstalled; default: of all plugins")
    .addOption(jsonOption())
    .action(async (plugin: string | undefined, { json }: { readonly json: boolean }) => {
      const { listDeadLetters } = await import("../actions/listDeadLetters.ts");
      await listDeadLetters(plugin, json);
    });
}

function deleteCommand(): Command {
  return new Command("delete")
    .description("delete a dead letter")
    .argument("<plugin>", "the plugin of the action, such as peek_plugin_tutorial")
    .argument("<id>", "its id, as in peek action list")
    .action(async (plugin: string, id: string) => {
      const { deleteDeadLetter } = await import("../actions/deleteDeadLetter.ts");
      await deleteDeadLetter(plugin, id);
    });
}
