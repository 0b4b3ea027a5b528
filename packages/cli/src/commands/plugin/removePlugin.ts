import { Command } from "commander";
import { type ChangeOptions, withServiceOptions } from "./ChangeOptions.ts";

/** The options of `peek plugin remove`. */
export interface RemoveOptions extends ChangeOptions {
  readonly purgeData: boolean;
  readonly yes: boolean;
}

/** `peek plugin remove` */
export function removeCommand(): Command {
  return withServiceOptions(new Command("remove"))
    .description(
      "disable a plugin that was installed from an archive on all services, and remove its versions; its data is kept",
    )
    .argument("<plugin>", "the plugin, such as peek_plugin_tutorial")
    .option(
      "--purge-data",
      "also delete its tables and its folders in plugin-data; the tables only while logic runs",
      false,
    )
    .option("-y, --yes", "confirm --purge-data", false)
    .action(async (name: string, options: RemoveOptions) => {
      const { removeRunning } = await import("./removeRunning.ts");
      if (await removeRunning(name, options)) return;
      const { removeInFiles } = await import("./removeInFiles.ts");
      await removeInFiles(name, options);
    });
}
