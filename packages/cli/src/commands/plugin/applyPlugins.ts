import { Command } from "commander";
import { jsonOption, servicesOption } from "../../arguments.ts";
import type { ChangeOptions } from "./ChangeOptions.ts";

/** `peek plugin apply` */
export function applyCommand(): Command {
  return new Command("apply")
    .description("have the running services enable and disable plugins as their config.json files say now")
    .addOption(servicesOption())
    .option("-n, --dry-run", "print what would be enabled and disabled; change nothing", false)
    .addOption(jsonOption())
    .action(async (options: ChangeOptions) => {
      const { applyFiles } = await import("./applyFiles.ts");
      await applyFiles(options);
    });
}
