import { Command } from "commander";
import { type ChangeOptions, withServiceOptions } from "./ChangeOptions.ts";

/** The options of `peek plugin rollback`. */
export interface RollbackOptions extends ChangeOptions {
  readonly to?: string;
}

/** `peek plugin rollback` */
export function rollbackCommand(): Command {
  return withServiceOptions(new Command("rollback"))
    .description("have all services on which a plugin is enabled run the version before, also while they run")
    .argument("<plugin>", "the plugin, such as peek_plugin_tutorial")
    .option("--to <version>", "a version that was installed before; default: the one before the last change")
    .action(async (name: string, options: RollbackOptions) => {
      const { rollbackRunning } = await import("./rollbackRunning.ts");
      if (await rollbackRunning(name, options)) return;
      const { rollbackInFiles } = await import("./rollbackInFiles.ts");
      await rollbackInFiles(name, options);
    });
}
