import { Command } from "commander";
import { jsonOption } from "../../arguments.ts";

/** `peek plugin history` */
export function historyCommand(): Command {
  return new Command("history")
    .description("show the last 100 changes of plugins on the running services")
    .addOption(jsonOption())
    .action(async ({ json }: { readonly json: boolean }) => {
      const { printHistory } = await import("./printHistory.ts");
      await printHistory(json);
    });
}
