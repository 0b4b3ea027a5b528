import { Command } from "commander";
import type { ArchiveOptions } from "./ArchiveOptions.ts";
import { withServiceOptions } from "./ChangeOptions.ts";

/** `peek plugin install` */
export function installCommand(): Command {
  return withServiceOptions(new Command("install"))
    .description(
      "install a plugin from an archive on all services that it has a part for, and enable it, also while they run",
    )
    .argument("<archive>", "the .tgz file that peek plugin pack has made")
    .option("--allow-downgrade", "also install an older version than the current one", false)
    .action(async (file: string, options: ArchiveOptions) => {
      const { installRunning } = await import("./installRunning.ts");
      if (await installRunning(file, options)) return;
      const { installInFiles } = await import("./installInFiles.ts");
      await installInFiles(file, options);
    });
}
