import { Command } from "commander";
import type { ArchiveOptions } from "./ArchiveOptions.ts";
import { withServiceOptions } from "./ChangeOptions.ts";

/** `peek plugin upgrade` */
export function upgradeCommand(): Command {
  return withServiceOptions(new Command("upgrade"))
    .description("have all services on which a plugin is enabled run another version, also while they run")
    .argument("<archive>", "the .tgz file that peek plugin pack has made, or <plugin>@<version> for an earlier archive")
    .option("--allow-downgrade", "also run an older version than the current one", false)
    .action(async (archive: string, options: ArchiveOptions) => {
      const { upgradeRunning } = await import("./upgradeRunning.ts");
      if (await upgradeRunning(archive, options)) return;
      const { upgradeInFiles } = await import("./upgradeInFiles.ts");
      await upgradeInFiles(archive, options);
    });
}
