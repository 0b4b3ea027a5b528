import { Command } from "commander";
import { printJson } from "../../output.ts";
import { type ChangeOptions, withChangeOptions } from "./ChangeOptions.ts";

/** `peek plugin reload` */
export function reloadCommand(): Command {
  return withChangeOptions(new Command("reload"))
    .description("run the installed version of a plugin anew on the running services")
    .action(async (name: string, options: ChangeOptions) => {
      const { changeRunning } = await import("./changeRunning.ts");
      const { requirePluginAdmin } = await import("./pluginAdmin.ts");
      await using admin = await requirePluginAdmin(
        "nothing can be reloaded; a service runs the installed version when it starts",
      );
      const result = await changeRunning(admin, { kind: "reload", plugin: name }, options);
      if (options.json && result !== undefined) printJson(result);
    });
}
